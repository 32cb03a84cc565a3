;; SPDX-License-Identifier: AGPL-3.0-only
;; A core module, no component.
(module
  (memory (export "memory") 1)
  (func (export "handle") (param i32 i32))
)
