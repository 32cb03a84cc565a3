// SPDX-License-Identifier: AGPL-3.0-only

//! What is asked of a module in more than one place.

use wasmtime_environ::GlobalConstValue;
use wasmtime_environ::wasmparser::{self, ConstExpr, FunctionBody, Operator};

/// The value of an expression that is one constant; None for any other.
pub fn constant(expression: &ConstExpr) -> Option<GlobalConstValue> {
    let mut operators = expression.get_operators_reader();
    let value = match operators.read().ok()? {
        Operator::I32Const { value } => GlobalConstValue::I32(value),
        Operator::I64Const { value } => GlobalConstValue::I64(value),
        Operator::F32Const { value } => GlobalConstValue::F32(value.bits()),
        Operator::F64Const { value } => GlobalConstValue::F64(value.bits()),
        _ => return None,
    };
    matches!(operators.read().ok()?, Operator::End).then_some(value)
}

/// Whether an instruction names a segment of data by its index.
pub fn names_data(body: &FunctionBody) -> wasmparser::Result<bool> {
    for operator in body.get_operators_reader()? {
        use Operator::*;
        if let MemoryInit { .. } | DataDrop { .. } | ArrayNewData { .. } | ArrayInitData { .. } =
            operator?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
