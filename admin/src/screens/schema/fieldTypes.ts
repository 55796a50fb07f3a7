import Braces from "@lucide/svelte/icons/braces";
import Calendar from "@lucide/svelte/icons/calendar";
import CalendarClock from "@lucide/svelte/icons/calendar-clock";
import File from "@lucide/svelte/icons/file";
import Hash from "@lucide/svelte/icons/hash";
import KeyRound from "@lucide/svelte/icons/key-round";
import Link from "@lucide/svelte/icons/link";
import ListChecks from "@lucide/svelte/icons/list-checks";
import Mail from "@lucide/svelte/icons/mail";
import MapPin from "@lucide/svelte/icons/map-pin";
import Pilcrow from "@lucide/svelte/icons/pilcrow";
import ToggleLeft from "@lucide/svelte/icons/toggle-left";
import Type from "@lucide/svelte/icons/type";
import Waypoints from "@lucide/svelte/icons/waypoints";
import type { Component } from "svelte";
import type { Collection, Field } from "../../api/collections.svelte";

/** A setting of one field, and how it is asked for. */
export interface FieldOption {
    key: string;
    kind: "number" | "bytes" | "text" | "pattern" | "switch" | "list" | "date";
    label: string;
    help?: string;
    placeholder?: string;
    /** Where another list is given this one may not be. */
    unless?: string;
    wide?: boolean;
}

export interface FieldType {
    label: string;
    note: string;
    icon: Component<any>;
    /** What a new one is given. */
    initial: Record<string, unknown>;
    options: FieldOption[];
    /** What "Required" means here; none where there is no such setting. */
    required?: string;
}

const maxSize = (placeholder: string): FieldOption => ({ key: "maxSize", kind: "bytes", label: "Largest size (bytes)", placeholder });
const domains: FieldOption[] = [
    { key: "onlyDomains", kind: "list", label: "Only these domains", help: "Separated by commas.", unless: "exceptDomains" },
    { key: "exceptDomains", kind: "list", label: "All but these domains", help: "Separated by commas.", unless: "onlyDomains" },
];
const lengths = (max: string): FieldOption[] => [
    { key: "min", kind: "number", label: "Shortest length", placeholder: "No limit" },
    { key: "max", kind: "number", label: "Greatest length", placeholder: max },
];
const pattern: FieldOption = {
    key: "pattern",
    kind: "pattern",
    label: "Pattern",
    placeholder: "^[a-z0-9]+$",
    help: "A regular expression (RE2) that a value must match.",
};

/** The types of fields by PocketBase's names, in the order they are offered. */
export const FIELD_TYPES: Record<string, FieldType> = {
    text: {
        label: "Text",
        note: "plain text",
        icon: Type,
        initial: { min: 0, max: 0, pattern: "", autogeneratePattern: "", primaryKey: false },
        options: [
            ...lengths("5000"),
            pattern,
            {
                key: "autogeneratePattern",
                kind: "pattern",
                label: "Made by itself from",
                placeholder: "[a-z0-9]{10}",
                help: "New records without a value get one that fits this pattern.",
            },
        ],
        required: "must not be empty",
    },
    editor: {
        label: "Rich text",
        note: "formatted, HTML",
        icon: Pilcrow,
        initial: { maxSize: 0, convertURLs: false },
        options: [
            maxSize("5 MB"),
            {
                key: "convertURLs",
                kind: "switch",
                label: "Links without a host",
                help: "The editor writes links to this server relative to it.",
            },
        ],
        required: "must not be empty",
    },
    number: {
        label: "Number",
        note: "whole or with decimals",
        icon: Hash,
        initial: { min: null, max: null, onlyInt: false },
        options: [
            { key: "min", kind: "number", label: "Smallest", placeholder: "No limit" },
            { key: "max", kind: "number", label: "Greatest", placeholder: "No limit" },
            { key: "onlyInt", kind: "switch", label: "Whole numbers only" },
        ],
        required: "must not be 0",
    },
    bool: { label: "Yes or no", note: "true or false", icon: ToggleLeft, initial: {}, options: [], required: "must be true" },
    email: {
        label: "Email",
        note: "an email address",
        icon: Mail,
        initial: { exceptDomains: [], onlyDomains: [] },
        options: domains,
        required: "must not be empty",
    },
    url: {
        label: "URL",
        note: "a web address",
        icon: Link,
        initial: { exceptDomains: [], onlyDomains: [] },
        options: domains,
        required: "must not be empty",
    },
    date: {
        label: "Date and time",
        note: "entered by people",
        icon: Calendar,
        initial: { min: "", max: "" },
        options: [
            { key: "min", kind: "date", label: "Earliest" },
            { key: "max", kind: "date", label: "Latest" },
        ],
        required: "must not be empty",
    },
    autodate: {
        label: "Automatic date",
        note: "set by the server",
        icon: CalendarClock,
        initial: { onCreate: true, onUpdate: false },
        options: [
            { key: "onCreate", kind: "switch", label: "Set when a record is created" },
            { key: "onUpdate", kind: "switch", label: "Set whenever a record is changed" },
        ],
    },
    select: {
        label: "Choice",
        note: "from a fixed list",
        icon: ListChecks,
        initial: { values: [], maxSelect: 1 },
        options: [
            { key: "values", kind: "list", label: "Choices", help: "Separated by commas.", placeholder: "draft, published", wide: true },
        ],
        required: "something must be chosen",
    },
    file: {
        label: "Files",
        note: "images, documents",
        icon: File,
        initial: { maxSelect: 1, maxSize: 0, mimeTypes: [], thumbs: [], protected: false },
        options: [
            maxSize("5 MB"),
            {
                key: "mimeTypes",
                kind: "list",
                label: "Kinds of file (MIME types)",
                placeholder: "any: image/png, application/pdf",
                wide: true,
            },
            {
                key: "thumbs",
                kind: "list",
                label: "Sizes of small pictures",
                help: "100x100 crops to fit, 100x100t from the top, 100x100b from the bottom, 100x100f fits inside, 0x100 and 100x0 keep the proportions.",
                placeholder: "100x100, 640x0",
                wide: true,
            },
            {
                key: "protected",
                kind: "switch",
                label: "Protected",
                help: "Files are served only with a file token, to whom the view rule allows.",
            },
        ],
        required: "a file must be there",
    },
    relation: {
        label: "Relation",
        note: "to records elsewhere",
        icon: Waypoints,
        initial: { collectionId: "", cascadeDelete: false, minSelect: 0, maxSelect: 1 },
        options: [],
        required: "a record must be chosen",
    },
    json: {
        label: "JSON",
        note: "any structure",
        icon: Braces,
        initial: { maxSize: 0 },
        options: [maxSize("1 MB")],
        required: "must not be null, empty text, [] or {}",
    },
    geoPoint: { label: "Place", note: "longitude, latitude", icon: MapPin, initial: {}, options: [], required: "must not be 0, 0" },
    password: {
        label: "Password",
        note: "stored as a hash only",
        icon: KeyRound,
        initial: { min: 8, max: 0, pattern: "", cost: 0, hidden: true },
        options: [...lengths("71"), pattern, { key: "cost", kind: "number", label: "Cost of bcrypt", placeholder: "10" }],
        required: "must not be empty",
    },
};

/** Types whose fields hold one value or several. */
export const SEVERAL = ["select", "file", "relation"];

export const isMultiple = (field: Field): boolean => SEVERAL.includes(field.type) && (field.maxSelect ?? 0) > 1;

export const typeOf = (field: Field): FieldType =>
    FIELD_TYPES[field.type] ?? { label: field.type, note: "", icon: Braces, initial: {}, options: [] };

/** What a field is, in a few words: `relation to users, several`. */
export function described(field: Field, find: (id: string) => Collection | undefined): string {
    const target = field.type === "relation" ? find(field.collectionId)?.name : undefined;
    return `${typeOf(field).label}${target ? ` to ${target}` : ""}${isMultiple(field) ? ", several" : ""}`;
}
