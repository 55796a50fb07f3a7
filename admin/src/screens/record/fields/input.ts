import type { Field } from "../../../api/collections.svelte";
import type { Control } from "../../../ui/Field.svelte";
import type { RecordForm } from "../form.svelte";

/** What every input of a field is given. It reads and sets its value in the form. */
export interface InputProps {
    form: RecordForm;
    field: Field;
    control: Control;
    readonly: boolean;
}

/** What names an input that is no native control: the label of its field. */
export const labelled = (control: Control): { "aria-labelledby": string; "aria-describedby": string | undefined } => ({
    "aria-labelledby": `${control.id}-label`,
    "aria-describedby": control["aria-describedby"],
});
