import { sentence } from "../api/errors";

export interface Toast {
    id: number;
    kind: "good" | "bad" | "plain";
    text: string;
    /** A step that undoes or shows what was done. */
    action?: { label: string; run: () => void };
}

const SHOWN_MS = { good: 4000, plain: 5000, bad: 9000 };

class Toasts {
    all = $state<Toast[]>([]);
    #last = 0;

    show(kind: Toast["kind"], text: string, action?: Toast["action"]): void {
        const id = ++this.#last;
        this.all = [...this.all.slice(-3), { id, kind, text, action }];
        setTimeout(() => this.drop(id), SHOWN_MS[kind]);
    }

    drop(id: number): void {
        this.all = this.all.filter((toast) => toast.id !== id);
    }
}

export const toasts = new Toasts();

/** Says that something was done. */
export const done = (text: string, action?: Toast["action"]): void => toasts.show("good", text, action);

/** Says that something failed; takes the error as it was thrown. */
export const failed = (error: unknown): void => toasts.show("bad", sentence(error));
