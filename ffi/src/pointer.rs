//! The host's pointers, in one place.
//!
//! 1. [`Caller`] stands for the promise that the header demands of every call: a pointer that is not
//!    NULL points to what its parameter says, for as long as the call takes, and nobody else writes
//!    to what the call reads. Only the fence makes one, and it lives as long as the body runs.
//! 2. What is read is either borrowed as bytes and plain data, for which any bits are valid, or
//!    copied out whole.
//! 3. What is written is written through raw pointers, element by element or block by block: the
//!    host's memory may be uninitialised, and its buffers may overlap, so no reference to it is made.
//! 4. NULL is a failure that names the parameter, except that (NULL, 0) is empty.
#![expect(unsafe_code, reason = "the host's pointers")]

use core::ffi::c_char;
use core::marker::PhantomData;

use bytemuck::AnyBitPattern;

use crate::failure::{Failure, Outcome, fail};
use crate::status::*;

/// The promise of the caller of an export (rule 1).
pub(crate) struct Caller(PhantomData<*const ()>);

/// A struct that begins with `struct_size`, so that it can grow.
///
/// # Safety
/// `repr(C)`, begins with `struct_size: u32`, and its other fields are numbers, pointers and
/// optional functions.
pub(crate) unsafe trait Extensible: Copy {
    /// The name in C.
    const NAME: &'static str;
}

/// An element of a host's array that holds pointers.
///
/// # Safety
/// `repr(C)`, and its fields are numbers and pointers.
pub(crate) unsafe trait Listed: Copy {}

/// Says that structs can grow.
macro_rules! extensible {
    ($($name:ident),+ $(,)?) => {$(
        const _: () = assert!(core::mem::offset_of!($name, struct_size) == 0);
        // SAFETY: `repr(C)` by its definition; the line above; its fields are what the header shows.
        unsafe impl $crate::pointer::Extensible for $name {
            const NAME: &'static str = stringify!($name);
        }
    )+};
}
pub(crate) use extensible;

#[cold]
fn null(what: &str) -> Failure {
    Failure::new(XRMESH_ERROR_NULL_POINTER, format_args!("{what} is NULL"))
}

impl Caller {
    /// Takes the caller at his word.
    ///
    /// # Safety
    /// The rules of this module hold for every pointer that is passed to the methods while it lives.
    pub(crate) unsafe fn trusted() -> Self {
        Self(PhantomData)
    }

    /// An array of plain data; (NULL, 0) is empty.
    pub(crate) fn slice<T: AnyBitPattern>(
        &self,
        first: *const T,
        count: u32,
        what: &str,
    ) -> Result<&[T], Failure> {
        if count == 0 {
            return Ok(&[]);
        }
        if first.is_null() {
            fail!(XRMESH_ERROR_NULL_POINTER, "{what} is NULL, but its count is {count}");
        }
        if !first.is_aligned() {
            let align = align_of::<T>();
            fail!(XRMESH_ERROR_MISALIGNED, "{what} is at {first:p}, not at a multiple of {align}");
        }
        if (count as usize)
            .checked_mul(size_of::<T>())
            .is_none_or(|bytes| bytes > isize::MAX as usize)
        {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "{what} has {count} elements, more than memory holds");
        }
        // SAFETY: not NULL and aligned by the checks, `count` readable elements by rule 1; any bits
        // are valid for `T`.
        Ok(unsafe { core::slice::from_raw_parts(first, count as usize) })
    }

    /// A text of that many bytes; (NULL, 0) is empty.
    pub(crate) fn text(
        &self,
        first: *const c_char,
        bytes: u32,
        what: &str,
    ) -> Result<&str, Failure> {
        let bytes = self.slice(first.cast::<u8>(), bytes, what)?;
        core::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            Failure::new(XRMESH_ERROR_UTF8, format_args!("{what} is not UTF-8 from byte {at} on"))
        })
    }

    /// One plain value.
    pub(crate) fn plain<T: AnyBitPattern>(&self, from: *const T, what: &str) -> Result<T, Failure> {
        if from.is_null() {
            return Err(null(what));
        }
        // SAFETY: not NULL, and readable by rule 1; any bits are valid for `T`.
        Ok(unsafe { from.read_unaligned() })
    }

    /// One element of an array of structs that hold pointers.
    pub(crate) fn element<T: Listed>(
        &self,
        first: *const T,
        index: u32,
        what: &str,
    ) -> Result<T, Failure> {
        if first.is_null() {
            fail!(XRMESH_ERROR_NULL_POINTER, "{what} is NULL, but its count is not 0");
        }
        // SAFETY: not NULL; `index` is below the count that goes with it, so it is readable by rule 1.
        Ok(unsafe { first.add(index as usize).read_unaligned() })
    }

    /// A struct that can grow.
    pub(crate) fn extensible<T: Extensible>(&self, from: *const T) -> Result<T, Failure> {
        self.check_size(from)?;
        // SAFETY: `check_size` has found it whole, and its fields are of the kinds that `Extensible`
        // names, whose bits the caller wrote by rule 1.
        Ok(unsafe { from.read_unaligned() })
    }

    /// A struct that can grow, if there is one.
    pub(crate) fn optional_extensible<T: Extensible>(
        &self,
        from: *const T,
    ) -> Result<Option<T>, Failure> {
        if from.is_null() { Ok(None) } else { self.extensible(from).map(Some) }
    }

    fn check_size<T: Extensible>(&self, from: *const T) -> Result<(), Failure> {
        let name = T::NAME;
        if from.is_null() {
            fail!(XRMESH_ERROR_NULL_POINTER, "the {name} is NULL");
        }
        // SAFETY: not NULL, and by rule 1 at least its first field is there.
        let given = unsafe { from.cast::<u32>().read_unaligned() };
        let expected = size_of::<T>();
        if given as usize != expected {
            fail!(
                XRMESH_ERROR_STRUCT_SIZE,
                "struct_size of {name} is {given}, expected {expected}: fill it by {name}_default"
            );
        }
        Ok(())
    }

    /// Where a value goes.
    pub(crate) fn out<T: Copy>(&self, to: *mut T, what: &str) -> Result<Out<'_, T>, Failure> {
        if to.is_null() { Err(null(what)) } else { Ok(Out(to, PhantomData)) }
    }

    /// Where a value goes if the host wants it.
    pub(crate) fn optional_out<T: Copy>(&self, to: *mut T) -> Option<Out<'_, T>> {
        (!to.is_null()).then_some(Out(to, PhantomData))
    }

    /// Where a struct that can grow goes; its `struct_size` must be set.
    pub(crate) fn out_extensible<T: Extensible>(&self, to: *mut T) -> Result<Out<'_, T>, Failure> {
        self.check_size(to)?;
        Ok(Out(to, PhantomData))
    }

    /// The same if the host wants it.
    pub(crate) fn optional_out_extensible<T: Extensible>(
        &self,
        to: *mut T,
    ) -> Result<Option<Out<'_, T>>, Failure> {
        if to.is_null() { Ok(None) } else { self.out_extensible(to).map(Some) }
    }

    /// An array to be filled: `capacity` elements of room.
    pub(crate) fn room<T: Copy>(
        &self,
        first: *mut T,
        capacity: u32,
        what: &str,
    ) -> Result<Room<'_, T>, Failure> {
        if capacity > 0 && first.is_null() {
            fail!(XRMESH_ERROR_NULL_POINTER, "{what} is NULL, but its capacity is {capacity}");
        }
        if capacity > 0 && !first.is_aligned() {
            let align = align_of::<T>();
            fail!(XRMESH_ERROR_MISALIGNED, "{what} is at {first:p}, not at a multiple of {align}");
        }
        Ok(Room { first, capacity: capacity as usize, filled: 0, host: PhantomData })
    }

    /// An array that is filled if the host wants it: NULL is one without room.
    pub(crate) fn optional_room<T: Copy>(
        &self,
        first: *mut T,
        capacity: u32,
        what: &str,
    ) -> Result<Room<'_, T>, Failure> {
        self.room(first, if first.is_null() { 0 } else { capacity }, what)
    }

    /// Fills an array and its count. Where it does not fit nothing is written but what is needed.
    pub(crate) fn write_all<T: Copy>(
        &self,
        first: *mut T,
        capacity: u32,
        count: *mut u32,
        values: &[T],
        what: &str,
    ) -> Outcome {
        let count = self.out(count, "the count")?;
        let mut room = self.room(first, capacity, what)?;
        count.set(u32::try_from(values.len()).unwrap_or(u32::MAX));
        let needed = values.len();
        if capacity == 0 {
            fail!(XRMESH_ERROR_ZERO_CAPACITY, "{what} has a capacity of 0; {needed} are there");
        }
        if needed > capacity as usize {
            fail!(XRMESH_ERROR_BUFFER_TOO_SMALL, "{what} has room for {capacity}, needs {needed}");
        }
        room.push_all(values);
        Ok(XRMESH_OK)
    }

    /// Writes as much of a text as fits, cut at a character.
    pub(crate) fn write_text(&self, to: *mut c_char, capacity: u32, text: &str) -> Outcome {
        let mut room = self.room(to.cast::<u8>(), capacity, "the text")?;
        let fits = text.floor_char_boundary(capacity as usize);
        room.push_all(&text.as_bytes()[..fits]);
        if fits < text.len() && capacity > 0 {
            let needed = text.len();
            fail!(XRMESH_ERROR_BUFFER_TOO_SMALL, "the text needs {needed} bytes, given {capacity}");
        }
        Ok(XRMESH_OK)
    }

    /// The same if the host wants it: NULL is no room.
    pub(crate) fn write_optional_text(
        &self,
        to: *mut c_char,
        capacity: u32,
        text: &str,
    ) -> Outcome {
        self.write_text(to, if to.is_null() { 0 } else { capacity }, text)
    }
}

/// Where one value goes.
#[derive(Clone, Copy)]
pub(crate) struct Out<'a, T>(*mut T, PhantomData<&'a T>);

impl<T: Copy> Out<'_, T> {
    /// Writes the value.
    pub(crate) fn set(self, value: T) {
        // SAFETY: not NULL by construction; writable while the `Caller` that it borrows lives.
        unsafe { self.0.write_unaligned(value) }
    }
}

/// An array that is filled from its start.
pub(crate) struct Room<'a, T> {
    first: *mut T,
    capacity: usize,
    filled: usize,
    host: PhantomData<&'a T>,
}

impl<T: Copy> Room<'_, T> {
    /// Elements that still fit.
    pub(crate) fn left(&self) -> usize {
        self.capacity - self.filled
    }

    /// Elements written.
    pub(crate) fn filled(&self) -> usize {
        self.filled
    }

    /// Writes as many of the values as fit, and says how many did.
    pub(crate) fn push_all(&mut self, values: &[T]) -> usize {
        let fits = values.len().min(self.left());
        if fits > 0 {
            // SAFETY: `first` is not NULL and aligned where there is room (`Caller::room`), and
            // `filled + fits` is within its capacity; `copy` allows the host's memory to be anything.
            unsafe { core::ptr::copy(values.as_ptr(), self.first.add(self.filled), fits) }
        }
        self.filled += fits;
        fits
    }

    /// Writes one value if it fits, and says whether it did.
    pub(crate) fn push(&mut self, value: T) -> bool {
        self.push_all(core::slice::from_ref(&value)) == 1
    }

    /// Writes a value where it belongs, in an array that is not filled in its order; what lies
    /// beyond its end is left out.
    pub(crate) fn put(&mut self, index: usize, value: T) {
        if index < self.capacity {
            // SAFETY: as for `push_all`; the index is within the capacity.
            unsafe { self.first.add(index).write(value) }
        }
    }

    /// Leaves room so that the next value lies at a multiple of `align` elements; false if there is
    /// none.
    pub(crate) fn align(&mut self, align: usize) -> bool {
        let next = self.filled.next_multiple_of(align);
        let fits = next <= self.capacity;
        if fits {
            self.filled = next;
        }
        fits
    }
}
