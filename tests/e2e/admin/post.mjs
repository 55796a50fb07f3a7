// A real SMTP server that keeps what it is sent.
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

/** Opens it, and has the pbtornado server send its letters there. `letter()` is the next one, `link()` its link. */
export async function postOffice(pb, appURL) {
    const letters = [];
    const waiting = [];
    const office = new SMTPServer({
        authOptional: true,
        disabledCommands: ["STARTTLS"],
        onData(stream, session, callback) {
            const parts = [];
            stream.on("data", (part) => parts.push(part));
            stream.on("end", async () => {
                const letter = await new PostalMime().parse(Buffer.concat(parts));
                waiting.length ? waiting.shift()(letter) : letters.push(letter);
                callback();
            });
        },
    });
    await new Promise((resolve) => office.listen(0, "127.0.0.1", resolve));
    await pb.settings.update({ meta: { appURL }, smtp: { enabled: true, host: "127.0.0.1", port: office.server.address().port, tls: false } });
    const letter = () => (letters.length ? Promise.resolve(letters.shift()) : new Promise((resolve) => waiting.push(resolve)));
    return {
        letter,
        link: async () => /href="([^"]+\/_\/#[^"]+)"/.exec((await letter()).html)[1],
        close: () => new Promise((resolve) => office.close(resolve)),
    };
}
