/** A question that is put before something that cannot be taken back, or that loses work. */
export interface Question {
    title: string;
    body: string;
    /** What the button does, as a verb: "Delete 3 records". */
    action: string;
    danger?: boolean;
    /** A word that must be typed first. */
    typed?: string;
}

class Confirmation {
    question = $state.raw<Question | null>(null);
    #answer: (yes: boolean) => void = () => {};

    ask(question: Question): Promise<boolean> {
        this.#answer(false);
        this.question = question;
        return new Promise((resolve) => (this.#answer = resolve));
    }

    settle(yes: boolean): void {
        this.question = null;
        this.#answer(yes);
    }
}

export const confirmation = new Confirmation();

/** Asks, and answers whether to go on. */
export const confirm = (question: Question): Promise<boolean> => confirmation.ask(question);

/** Asks whether changes that are not saved may be lost. */
export const confirmLoss = (): Promise<boolean> =>
    confirm({ title: "Discard your changes?", body: "What you changed here is not saved yet.", action: "Discard changes", danger: true });
