;; SPDX-License-Identifier: AGPL-3.0-only
;; A component that exports nothing.
(component)
