// SPDX-License-Identifier: Apache-2.0
//
// FormData of https://xhr.spec.whatwg.org/#interface-formdata.

import { registerUncloneable } from "../cloneable.js";
import { defineFields } from "../inspection.js";
import { INTERNAL, isObject, requireArguments, shapeInterface, toUSVString } from "../web_idl.js";
import { fileOf, isBlob, isFile } from "./blob.js";

export class FormData {
  // Arrays of name and value, the latter a string or a File.
  #entries = [];

  constructor(form = undefined) {
    if (form !== undefined) {
      throw new TypeError("FormData takes no argument: there are no HTML forms here");
    }
  }

  append(name, value, filename = undefined) {
    requireArguments(arguments.length, 2, "FormData.append");
    this.#entries.push(makeEntry(name, value, filename, arguments.length > 2));
  }

  delete(name) {
    requireArguments(arguments.length, 1, "FormData.delete");
    const wanted = toUSVString(name);
    this.#entries = this.#entries.filter(([one]) => one !== wanted);
  }

  get(name) {
    requireArguments(arguments.length, 1, "FormData.get");
    const wanted = toUSVString(name);
    return this.#entries.find(([one]) => one === wanted)?.[1] ?? null;
  }

  getAll(name) {
    requireArguments(arguments.length, 1, "FormData.getAll");
    const wanted = toUSVString(name);
    return this.#entries.filter(([one]) => one === wanted).map(([, value]) => value);
  }

  has(name) {
    requireArguments(arguments.length, 1, "FormData.has");
    const wanted = toUSVString(name);
    return this.#entries.some(([one]) => one === wanted);
  }

  set(name, value, filename = undefined) {
    requireArguments(arguments.length, 2, "FormData.set");
    const entry = makeEntry(name, value, filename, arguments.length > 2);
    const index = this.#entries.findIndex(([one]) => one === entry[0]);
    if (index < 0) {
      this.#entries.push(entry);
    } else {
      this.#entries = this.#entries.filter(([one], place) => place <= index || one !== entry[0]);
      this.#entries[index] = entry;
    }
  }

  entries() {
    return this.#iterate(([name, value]) => [name, value]);
  }

  keys() {
    return this.#iterate(([name]) => name);
  }

  values() {
    return this.#iterate(([, value]) => value);
  }

  forEach(callback, thisArgument = undefined) {
    requireArguments(arguments.length, 1, "FormData.forEach");
    if (typeof callback !== "function") {
      throw new TypeError("The callback is no function");
    }
    for (let index = 0; index < this.#entries.length; index++) {
      const [name, value] = this.#entries[index];
      Reflect.apply(callback, thisArgument, [value, name, this]);
    }
  }

  // By index, so that what is appended meanwhile is seen.
  #iterate(convert) {
    let index = 0;
    const next = () => {
      if (index >= this.#entries.length) {
        return { value: undefined, done: true };
      }
      return { value: convert(this.#entries[index++]), done: false };
    };
    return new FormDataIterator(INTERNAL, next);
  }

  static [INTERNAL] = {
    isFormData: (value) => isObject(value) && #entries in value,
    entries: (form) => form.#entries,
  };
}

export const { isFormData, entries: formEntries } = FormData[INTERNAL];
delete FormData[INTERNAL];
shapeInterface("FormData", FormData);
registerUncloneable(isFormData);
Object.defineProperty(FormData.prototype, Symbol.iterator, {
  value: FormData.prototype.entries,
  writable: true,
  configurable: true,
});

class FormDataIterator {
  #next;

  constructor(key, next) {
    this.#next = next;
  }

  next() {
    return this.#next();
  }
}
delete FormDataIterator.prototype.constructor;
Object.setPrototypeOf(FormDataIterator.prototype, Iterator.prototype);
Object.defineProperty(FormDataIterator.prototype, "next", { enumerable: true });
Object.defineProperty(FormDataIterator.prototype, Symbol.toStringTag, {
  value: "FormData Iterator",
  configurable: true,
});

function makeEntry(name, value, filename, named) {
  const key = toUSVString(name);
  if (!isBlob(value)) {
    if (named) {
      throw new TypeError("A value that has a file name must be a Blob");
    }
    return [key, toUSVString(value)];
  }
  if (named && filename !== undefined) {
    return [key, fileOf(value, toUSVString(filename))];
  }
  return [key, isFile(value) ? value : fileOf(value, "blob")];
}

// What the console shows.
defineFields("FormData", FormData, (form) => {
  const fields = {};
  for (const [name, value] of formEntries(form)) {
    fields[name] = Object.hasOwn(fields, name) ? [fields[name], value].flat() : value;
  }
  return fields;
});
