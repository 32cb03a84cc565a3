// SPDX-License-Identifier: AGPL-3.0-only

//! The resource `fields`.

use super::fields::{FieldList, FieldProblem, is_name};
use super::resources::Fields;
use super::types::HeaderError;
use super::{Instance, Store, drop_resource};
use std::rc::Rc;
use wasmtime::component::{Resource, WasmList, WasmStr};

type Answer<T = ()> = (Result<T, HeaderError>,);
type This = Resource<Fields>;
type Value = WasmList<u8>;

pub fn add(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    drop_resource::<Fields>(instance)?;
    instance.func_wrap("[constructor]fields", |mut store: Store<'_>, (): ()| {
        let list = Rc::new(FieldList::new(store.data().shared.budget.clone()));
        Ok((push(&mut store, list)?,))
    })?;
    instance.func_wrap("[static]fields.from-list", from_list)?;
    instance.func_wrap("[method]fields.get", get)?;
    instance.func_wrap(
        "[method]fields.has",
        |mut store: Store<'_>, (this, name): (This, WasmStr)| {
            let list = store.data_mut().http.get(&this)?.list.clone();
            let name = name.to_str(&store)?;
            Ok((list.has(name.as_bytes()),))
        },
    )?;
    instance.func_wrap(
        "[method]fields.set",
        |mut store: Store<'_>, (this, name, values): (This, WasmStr, Vec<Value>)| {
            change(&mut store, &this, |store, list| {
                let name = name.to_str(store)?;
                let values = values.iter().map(|value| value.as_le_slice(store));
                Ok(list.set(name.as_bytes(), values))
            })
        },
    )?;
    instance.func_wrap(
        "[method]fields.delete",
        |mut store: Store<'_>, (this, name): (This, WasmStr)| {
            change(&mut store, &this, |store, list| {
                let name = name.to_str(store)?;
                Ok(list.delete(name.as_bytes()))
            })
        },
    )?;
    instance.func_wrap(
        "[method]fields.append",
        |mut store: Store<'_>, (this, name, value): (This, WasmStr, Value)| {
            change(&mut store, &this, |store, list| {
                let name = name.to_str(store)?;
                Ok(list.append(name.as_bytes(), value.as_le_slice(store)))
            })
        },
    )?;
    instance.func_wrap("[method]fields.entries", entries)?;
    instance.func_wrap(
        "[method]fields.clone",
        |mut store: Store<'_>, (this,): (This,)| {
            let copy = store.data_mut().http.get(&this)?.list.duplicate()?;
            Ok((push(&mut store, Rc::new(copy))?,))
        },
    )
}

fn push(store: &mut Store<'_>, list: Rc<FieldList>) -> wasmtime::Result<This> {
    let mutable = true;
    store.data_mut().http.push(Fields { list, mutable })
}

/// A mistake that the guest is told of, or one that ends it.
fn answer<T>(result: Result<T, FieldProblem>) -> wasmtime::Result<Answer<T>> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(FieldProblem::Syntax) => Ok((Err(HeaderError::InvalidSyntax),)),
        Err(FieldProblem::Forbidden) => Ok((Err(HeaderError::Forbidden),)),
        Err(FieldProblem::OverBudget) => Err(super::fields::OverBudget.into()),
    }
}

/// Changes a list by what lies in the guest's memory: the list is taken out of the store meanwhile.
fn change(
    store: &mut Store<'_>,
    this: &This,
    by: impl FnOnce(&Store<'_>, &mut FieldList) -> wasmtime::Result<Result<(), FieldProblem>>,
) -> wasmtime::Result<Answer> {
    let shared = store.data().shared.clone();
    let fields = store.data_mut().http.get(this)?;
    if !fields.mutable {
        return Ok((Err(HeaderError::Immutable),));
    }
    let mut list = std::mem::replace(&mut fields.list, shared.no_fields.clone());
    let owned = Rc::get_mut(&mut list).expect("a list that can be changed has one owner");
    let result = by(store, owned)?;
    store.data_mut().http.get(this)?.list = list;
    answer(result)
}

fn from_list(
    mut store: Store<'_>,
    (entries,): (Vec<(WasmStr, Value)>,),
) -> wasmtime::Result<Answer<This>> {
    let mut list = FieldList::new(store.data().shared.budget.clone());
    for (name, value) in &entries {
        let name = name.to_str(&store)?;
        let appended = list.append(name.as_bytes(), value.as_le_slice(&store));
        if let (Err(error),) = answer(appended)? {
            return Ok((Err(error),));
        }
    }
    Ok((Ok(push(&mut store, Rc::new(list))?),))
}

fn get(mut store: Store<'_>, (this, name): (This, WasmStr)) -> wasmtime::Result<(Vec<Vec<u8>>,)> {
    let list = store.data_mut().http.get(&this)?.list.clone();
    let name = name.to_str(&store)?;
    if !is_name(name.as_bytes()) {
        return Ok((Vec::new(),));
    }
    Ok((list.values(name.as_bytes()).map(<[u8]>::to_vec).collect(),))
}

type Entries = Vec<(String, Vec<u8>)>;

fn entries(mut store: Store<'_>, (this,): (This,)) -> wasmtime::Result<(Entries,)> {
    let list = &store.data_mut().http.get(&this)?.list;
    let owned = |(name, value): (&[u8], &[u8])| {
        // Names are tokens, so they are text.
        (String::from_utf8_lossy(name).into_owned(), value.to_vec())
    };
    Ok((list.iter().map(owned).collect(),))
}
