// SPDX-License-Identifier: Apache-2.0
//
// What the engine evaluates once, before any script: each module puts its part of the web's interfaces on the global
// object and its hooks for C in place. The order is that of who needs whom.

import "./native.js";
// Goes over the language's own globals, before there are others.
import "./brand.js";
import "./dom_exception.js";
import "./error_stack.js";
import "./inspect.js";
import "./console.js";
import "./event.js";
import "./event_target.js";
import "./abort_signal.js";
import "./global_scope.js";
import "./url.js";
import "./url_pattern.js";
import "./encoding.js";
import "./streams.js";
import "./forms.js";
import "./body.js";
import "./fetch.js";
import "./structured_clone.js";
import "./performance.js";
import "./navigator.js";
import "./compression.js";
import "./crypto.js";
import "./to_locale_string.js";
// What goes over all interfaces that there are.
import "./interfaces.js";
import "./uncloneable.js";
import "./share.js";
import "./call.js";
