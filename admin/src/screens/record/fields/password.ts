const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-_.!";
const USUAL = 20;

/** A random password within a field's lengths, of letters that are not taken for one another. */
export function generated(least: number, most: number): string {
    const length = Math.max(1, Math.min(Math.max(USUAL, least), most));
    let made = "";
    while (made.length < length) {
        for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
            if (byte < 256 - (256 % LETTERS.length) && made.length < length) made += LETTERS[byte % LETTERS.length];
        }
    }
    return made;
}
