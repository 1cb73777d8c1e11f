//! Which objects a query takes, by class.
#![expect(unsafe_code, reason = "exports have C names")]

use xrmesh::memory::Filter;

use super::content::{class, xrmesh_class_id};
use super::write::reserve;
use crate::failure::{Failure, fail};
use crate::fence::fence_anywhere;
use crate::pointer::{Caller, extensible};
use crate::status::*;

/// All, of any class.
pub const XRMESH_FILTER_ALL: u32 = 0;
/// Those of `classes`.
pub const XRMESH_FILTER_ONLY: u32 = 1;
/// Those of all other classes.
pub const XRMESH_FILTER_EXCEPT: u32 = 2;

/// Which objects a query takes, by class. Fill it by `xrmesh_filter_default`: all.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_filter {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_FILTER_*.
    pub mode: u32,
    /// With XRMESH_FILTER_ONLY and XRMESH_FILTER_EXCEPT.
    pub classes: *const xrmesh_class_id,
    /// How many classes, at most 65,536.
    pub class_count: u32,
    /// Zero.
    pub reserved: u32,
}

extensible!(xrmesh_filter);

/// Classes of one filter at most.
const MOST_CLASSES: u32 = 1 << 16;

/// Fills the filter: it takes all. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_filter_default(filter: *mut xrmesh_filter) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(filter, "filter")?.set(xrmesh_filter {
                struct_size: size_of::<xrmesh_filter>() as u32,
                mode: XRMESH_FILTER_ALL,
                classes: core::ptr::null(),
                class_count: 0,
                reserved: 0,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// What the host gave: its mode and its classes.
fn given(
    caller: &Caller,
    filter: *const xrmesh_filter,
) -> Result<(u32, &[xrmesh_class_id]), Failure> {
    let Some(filter) = caller.optional_extensible(filter)? else {
        return Ok((XRMESH_FILTER_ALL, &[]));
    };
    if filter.reserved != 0 {
        fail!(XRMESH_ERROR_RESERVED, "the filter's reserved field is not zero");
    }
    if filter.class_count > MOST_CLASSES {
        let given = filter.class_count;
        fail!(XRMESH_ERROR_OUT_OF_RANGE, "a filter of {given} classes, at most {MOST_CLASSES}");
    }
    match filter.mode {
        XRMESH_FILTER_ALL => Ok((XRMESH_FILTER_ALL, &[])),
        XRMESH_FILTER_ONLY | XRMESH_FILTER_EXCEPT => {
            Ok((filter.mode, caller.slice(filter.classes, filter.class_count, "classes")?))
        }
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "a filter of mode {given}, known are 0 to 2"),
    }
}

fn made(mode: u32, classes: &[xrmesh_class_id]) -> Result<Filter, Failure> {
    let mut named = Vec::new();
    reserve(&mut named, classes.len())?;
    for &number in classes {
        named.push(class(number)?);
    }
    Ok(match mode {
        XRMESH_FILTER_ONLY => Filter::only(named),
        XRMESH_FILTER_EXCEPT => Filter::except(named),
        _ => Filter::all(),
    })
}

/// The filter that the host gave; NULL takes all.
pub(crate) fn read(caller: &Caller, filter: *const xrmesh_filter) -> Result<Filter, Failure> {
    let (mode, classes) = given(caller, filter)?;
    made(mode, classes)
}

/// The last filters that were asked with, made ready.
#[derive(Default)]
pub(crate) struct Filters {
    ready: Vec<Ready>,
    /// Which goes next.
    oldest: usize,
}

struct Ready {
    mode: u32,
    classes: Vec<xrmesh_class_id>,
    filter: Filter,
}

/// How many filters are kept ready.
const KEPT: usize = 8;

static ALL: Filter = Filter::all();

impl Filters {
    /// The filter that the host gave. Makes it only if it is none of the last few.
    pub(crate) fn find(
        &mut self,
        caller: &Caller,
        filter: *const xrmesh_filter,
    ) -> Result<&Filter, Failure> {
        let (mode, classes) = given(caller, filter)?;
        if mode == XRMESH_FILTER_ALL {
            return Ok(&ALL);
        }
        let known = |ready: &Ready| ready.mode == mode && ready.classes == classes;
        let at = match self.ready.iter().position(known) {
            Some(at) => at,
            None => {
                let ready = Ready { mode, filter: made(mode, classes)?, classes: classes.to_vec() };
                if self.ready.len() < KEPT {
                    self.ready.push(ready);
                    self.ready.len() - 1
                } else {
                    let at = self.oldest;
                    self.oldest = (at + 1) % KEPT;
                    self.ready[at] = ready;
                    at
                }
            }
        };
        Ok(&self.ready[at].filter)
    }
}
