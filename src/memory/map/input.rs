//! The text as bytes: counted, checked as UTF-8, and bounded as a whole and by record.

use core::cell::{Cell, RefCell};
use std::io::{self, Read};

use super::error::MapErrorKind;

/// What the reader and those who interpret what it reads share.
#[derive(Debug)]
pub(super) struct Meter {
    consumed: Cell<u64>,
    /// No byte at or after this offset is given out.
    stop: Cell<u64>,
    max_bytes: u64,
    record_bytes: u64,
    /// Whether more was asked for than there is.
    ended: Cell<bool>,
    /// Why reading stopped, where it was not the text's end.
    fault: RefCell<Option<MapErrorKind>>,
}

/// Gives out the bytes of a text one by one.
#[derive(Debug)]
pub(super) struct Input<'a, R> {
    reader: R,
    meter: &'a Meter,
    buffer: Box<[u8]>,
    next: usize,
    /// Up to here the buffer is UTF-8.
    checked: usize,
    filled: usize,
    ended: bool,
    begun: bool,
}

const BUFFER_BYTES: usize = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Meter {
    pub(super) fn new(max_bytes: u64, record_bytes: u64) -> Self {
        let stop = Cell::new(record_bytes.min(max_bytes));
        let (consumed, fault) = (Cell::new(0), RefCell::new(None));
        Self { consumed, stop, max_bytes, record_bytes, ended: Cell::new(false), fault }
    }

    /// Whether the text's end was met.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// How many bytes were given out.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed.get()
    }

    /// A new record begins here: it may take as many bytes as the limit says.
    pub(super) fn begin_record(&self) {
        let end = self.consumed.get().saturating_add(self.record_bytes);
        self.stop.set(end.min(self.max_bytes));
    }

    /// Why reading failed; the first reason counts.
    pub(super) fn fail(&self, kind: MapErrorKind) {
        self.fault.borrow_mut().get_or_insert(kind);
    }

    pub(super) fn take_fault(&self) -> Option<MapErrorKind> {
        self.fault.borrow_mut().take()
    }

    #[cold]
    fn stopped(&self) -> io::Error {
        let (what, limit) = if self.consumed.get() >= self.max_bytes {
            ("the text", self.max_bytes)
        } else {
            ("a record", self.record_bytes)
        };
        self.fail(MapErrorKind::TooLong { what, limit });
        io::Error::from(io::ErrorKind::FileTooLarge)
    }
}

impl<'a, R: Read> Input<'a, R> {
    pub(super) fn new(reader: R, meter: &'a Meter) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Self { reader, meter, buffer, next: 0, checked: 0, filled: 0, ended: false, begun: false }
    }

    /// Reads on until there is a byte to give, or the text has ended.
    #[cold]
    fn fill(&mut self) -> io::Result<()> {
        while self.next == self.checked {
            // What is left is a character's beginning, of at most three bytes.
            self.buffer.copy_within(self.checked..self.filled, 0);
            self.filled -= self.checked;
            (self.next, self.checked) = (0, 0);
            while !self.ended && self.filled < 4 {
                match self.reader.read(&mut self.buffer[self.filled..]) {
                    Ok(0) => self.ended = true,
                    Ok(count) => self.filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            if !self.begun {
                self.begun = true;
                if self.buffer[..self.filled].starts_with(BYTE_ORDER_MARK) {
                    (self.next, self.checked) = (BYTE_ORDER_MARK.len(), BYTE_ORDER_MARK.len());
                    self.meter.consumed.set(BYTE_ORDER_MARK.len() as u64);
                }
            }
            let rest = &self.buffer[self.checked..self.filled];
            let wrong = match core::str::from_utf8(rest) {
                Ok(_) => {
                    self.checked = self.filled;
                    None
                }
                Err(error) => {
                    self.checked += error.valid_up_to();
                    // A character that is cut off may go on in the next piece, if there is one.
                    (error.error_len().is_some() || self.ended).then(|| self.buffer[self.checked])
                }
            };
            if self.next == self.checked {
                if let Some(byte) = wrong {
                    self.meter.fail(MapErrorKind::NotUtf8 { byte });
                    return Err(io::Error::from(io::ErrorKind::InvalidData));
                }
                if self.ended {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Input<'_, R> {
    #[inline]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.next == self.checked {
            self.fill()?;
            if self.next == self.checked {
                self.meter.ended.set(true);
                return Ok(0);
            }
        }
        let consumed = self.meter.consumed.get();
        let allowed = self.meter.stop.get().saturating_sub(consumed);
        if allowed == 0 {
            return Err(self.meter.stopped());
        }
        let count = into.len().min(self.checked - self.next).min(allowed as usize);
        into[..count].copy_from_slice(&self.buffer[self.next..self.next + count]);
        self.next += count;
        self.meter.consumed.set(consumed + count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `chunk` bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(bytes: &[u8], piece: usize) -> (Vec<u8>, Option<MapErrorKind>, u64) {
        let meter = Meter::new(1 << 20, 1 << 20);
        let mut input = Input::new(Pieces(bytes, piece), &meter);
        let mut out = Vec::new();
        let mut one = [0];
        while let Ok(1) = input.read(&mut one) {
            out.push(one[0]);
        }
        (out, meter.take_fault(), meter.consumed())
    }

    #[test]
    fn text_comes_through_however_it_is_cut() {
        let text = "\u{feff}{\"grüße\": \"🪑 日本\"}";
        for piece in 1..9 {
            let (out, fault, consumed) = read(text.as_bytes(), piece);
            assert_eq!(out, text.trim_start_matches('\u{feff}').as_bytes());
            assert_eq!((fault, consumed), (None, text.len() as u64));
        }
    }

    #[test]
    fn the_first_byte_that_is_no_text_is_named_at_its_offset() {
        for piece in 1..9 {
            for (bytes, good) in [(&b"abc\xffdef"[..], 3), (b"ab\xe2\x82", 2), (b"\xc0\x80", 0)] {
                let (out, fault, consumed) = read(bytes, piece);
                assert_eq!((out.len(), consumed), (good, good as u64), "{bytes:?}");
                assert_eq!(fault, Some(MapErrorKind::NotUtf8 { byte: bytes[good] }));
            }
        }
    }

    #[test]
    fn a_record_and_the_whole_have_limits() {
        let meter = Meter::new(10, 4);
        let mut input = Input::new(&b"0123456789abc"[..], &meter);
        let mut out = Vec::new();
        assert!(input.read_to_end(&mut out).is_err());
        assert_eq!(out, b"0123");
        let record = MapErrorKind::TooLong { what: "a record", limit: 4 };
        assert_eq!(meter.take_fault(), Some(record));
        for expected in [&b"4567"[..], b"89"] {
            meter.begin_record();
            out.clear();
            assert!(input.read_to_end(&mut out).is_err());
            assert_eq!(out, expected);
        }
        let _ = meter.take_fault();
        assert!(input.read(&mut [0]).is_err());
        assert_eq!(meter.take_fault(), Some(MapErrorKind::TooLong { what: "the text", limit: 10 }));
    }
}
