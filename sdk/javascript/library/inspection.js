// SPDX-License-Identifier: Apache-2.0
//
// How an interface says what the console shows of its objects.

export const customInspect = Symbol.for("nodejs.util.inspect.custom");

function deeper(options) {
  return { ...options, depth: options.depth === null ? null : options.depth - 1 };
}

export function defineInspection(constructor, inspection) {
  Object.defineProperty(constructor.prototype, customInspect, {
    value: inspection,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}

export function defineFields(name, constructor, fieldsOf) {
  defineInspection(constructor, function (depth, options, inspect) {
    if (depth < 0) {
      return options.stylize(`[${this.constructor?.name ?? name}]`, "special");
    }
    return `${this.constructor?.name ?? name} ${inspect(fieldsOf(this), deeper(options))}`;
  });
}

// Shows those of the attributes that the interface has; `hidden` are functions for what no attribute tells.
export function showFields(name, constructor, attributes, hidden = {}) {
  const { prototype } = constructor;
  const present = attributes.filter((attribute) => attribute in hidden || attribute in prototype);
  defineFields(name, constructor, (object) =>
    Object.fromEntries(present.map((attribute) => [attribute, hidden[attribute]?.(object) ?? object[attribute]])),
  );
}
