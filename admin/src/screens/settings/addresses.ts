/** An address as bits, `01…`; null where it is none. An IPv4 address that came over IPv6 is an IPv4 address. */
function bits(address: string): string | null {
    const four = address.match(/^(?:::ffff:|(?:0+:){5}ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i);
    if (four)
        return four
            .slice(1)
            .map((part) => binary(Number(part), 8))
            .join("");
    if (!/^[\da-f:]+$/i.test(address) || !address.includes(":")) return null;
    const [head = "", tail] = address.split("::", 2);
    const [before, after] = [groups(head), groups(tail ?? "")];
    const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
    const all = [...before, ...Array<string>(missing).fill("0"), ...after];
    return all.length === 8 ? all.map((part) => binary(parseInt(part, 16), 16)).join("") : null;
}

const groups = (text: string): string[] => text.split(":").filter(Boolean);
const binary = (value: number, length: number): string => value.toString(2).padStart(length, "0");

/** Is an address one of these addresses and networks (`10.0.0.0/8`)? */
export function among(address: string, allowed: string[]): boolean {
    const asked = bits(address);
    return asked !== null && allowed.some((one) => covers(one, asked));
}

function covers(network: string, asked: string): boolean {
    const [base = "", length] = network.trim().split("/", 2);
    const own = bits(base);
    return (
        own !== null &&
        own.length === asked.length &&
        own.slice(0, length ? Number(length) : undefined) === asked.slice(0, length ? Number(length) : undefined)
    );
}

/** A short spelling of an address, as people write it. */
export const short = (address: string): string => address.replace(/\b0+(?=[\da-f])/g, "").replace(/(^|:)0(:0)+(:|$)/, "::");
