//! The order of the index: which objects share its pages, so that opening a store need not find it out.
//!
//! 1. It follows from the memory and costs nothing to lose: it is written when a store is closed, belongs
//!    to the last sequence alone, and what is missing, damaged or of another sequence is not used. So it
//!    needs no sync, and an older library, to which it is a foreign file, can go on with the store.
//! 2. What it says is held against the memory ([`Shape`]): every object once, or it is not used.

use super::block::{self, BlockHeader, Place};
use super::codec;
use super::header::{FILE_HEADER_BYTES, FileHeader, FileKind, Named, order_name, parse_name};
use super::scan::{Next, Scan};
use super::wire::{Bytes, DecodeError};
use crate::space::bvh::Shape;
use crate::storage::{Storage, StorageError};
use crate::time::Time;

/// A block is ended beyond this many bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// Writes the order of the index after the change `through`, in place of older ones.
pub(crate) fn write_order(
    storage: &dyn Storage,
    through: u64,
    shape: &Shape,
) -> Result<(), StorageError> {
    for file in storage.list()? {
        if let Some(Named::Order(_)) = parse_name(&file.name) {
            storage.remove(&file.name)?;
        }
    }
    let (name, file_header) = (order_name(through), FileHeader::order(through));
    let file = storage.create(&name)?;
    file.append(&file_header.to_bytes())?;
    let (mut bytes, mut offset) = (Vec::new(), FILE_HEADER_BYTES as u64);
    let (mut pages, mut slots) = (&shape.pages[..], &shape.slots[..]);
    let mut first = 0;
    loop {
        block::begin(&mut bytes);
        let mut records = 0;
        while let Some((page, rest)) = pages.split_first()
            && bytes.len() < BLOCK_BYTES
        {
            let (on_it, behind) = slots.split_at(usize::from(page.len).min(slots.len()));
            codec::encode_page(&mut bytes, *page, on_it);
            (pages, slots) = (rest, behind);
            records += 1;
        }
        let (durable, time) = (through, Time::ZERO);
        let header = BlockHeader { first, span: 0, records, durable, time };
        block::seal(&mut bytes, header, Place { file: file_header, offset });
        file.append(&bytes)?;
        offset += bytes.len() as u64;
        first += u64::from(records);
        // A block without records ends it.
        if records == 0 {
            return Ok(());
        }
    }
}

/// The order of the index after the change `through`, where there is an intact one.
pub(crate) fn read_order(storage: &dyn Storage, through: u64) -> Option<Shape> {
    let name = order_name(through);
    let file = storage.list().ok()?.into_iter().find(|file| file.name == name)?;
    let mut scan = Scan::open(storage, &file, FileKind::Order, through).ok()?.ok()?;
    let mut shape = Shape::default();
    loop {
        let Ok(Next::Block { header, records, .. }) = scan.next() else { return None };
        if header.first != shape.pages.len() as u64 {
            return None;
        }
        if header.records == 0 {
            return Some(shape);
        }
        let mut bytes = Bytes::new(records);
        for _ in 0..header.records {
            take_page(&mut bytes, &mut shape).ok()?;
        }
        if bytes.left() > 0 {
            return None;
        }
    }
}

/// Reads the next page into `shape`.
pub(super) fn take_page(bytes: &mut Bytes<'_>, shape: &mut Shape) -> Result<(), DecodeError> {
    let page = codec::decode_page(bytes, &mut shape.slots)?;
    shape.pages.push(page);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::bvh::ShapePage;
    use crate::storage::RamDisk;

    fn shape(pages: u32) -> Shape {
        let mut shape = Shape::default();
        for page in 0..pages {
            let len = (1 + page % 16) as u8;
            shape
                .slots
                .extend((0..u32::from(len)).map(|lane| page.wrapping_mul(0x9E37_79B9) ^ lane));
            shape.pages.push(ShapePage { len, begins: (page % 5) as u8 });
        }
        shape
    }

    #[test]
    fn it_comes_back_and_replaces_the_older_one() {
        let disk = RamDisk::new();
        let storage = disk.open().unwrap();
        for (through, pages) in [(7, 0), (9, 1), (11, 60_000)] {
            write_order(&storage, through, &shape(pages)).unwrap();
            assert_eq!(read_order(&storage, through), Some(shape(pages)));
            assert_eq!(storage.list().unwrap().len(), 1);
            assert_eq!(read_order(&storage, through + 1), None);
        }
    }

    /// As `docs/format.md` gives it.
    #[test]
    fn its_bytes_are_as_documented() {
        let disk = RamDisk::new();
        let storage = disk.open().unwrap();
        let pages = vec![ShapePage { len: 2, begins: 1 }, ShapePage { len: 1, begins: 0 }];
        write_order(&storage, 258, &Shape { slots: vec![5, 0x0102_0304, 9], pages }).unwrap();
        let bytes = disk.content("order-0000000000000102.xrm").unwrap();
        assert_eq!(bytes.len(), 64 + (48 + 16) + 48);
        assert_eq!(bytes[..16], *b"xrmstore\x01\0\x03\0\0\0\0\0");
        assert_eq!(bytes[16..24], 258u64.to_le_bytes());
        let records = [2, 1, 5, 0, 0, 0, 4, 3, 2, 1, 1, 0, 9, 0, 0, 0];
        assert_eq!(bytes[64 + 8..64 + 16], *b"xrmb\x10\0\0\0");
        assert_eq!(bytes[64 + 28..64 + 32], 2u32.to_le_bytes());
        assert_eq!(bytes[64 + 48..128], records);
        // The block without records that ends it says how many came before.
        assert_eq!(bytes[128 + 16..128 + 24], 2u64.to_le_bytes());
        assert_eq!(bytes[128 + 28..128 + 32], [0; 4]);
    }

    #[test]
    fn any_flipped_bit_and_any_cut_makes_it_none() {
        let disk = RamDisk::new();
        let storage = disk.open().unwrap();
        write_order(&storage, 3, &shape(9)).unwrap();
        let name = order_name(3);
        let whole = disk.content(&name).unwrap();
        disk.put(&name, &whole);
        for byte in 0..whole.len() as u64 {
            assert!(disk.corrupt(&name, byte, 1 << (byte % 8)));
            assert_eq!(read_order(&storage, 3), None, "byte {byte}");
            assert!(disk.corrupt(&name, byte, 1 << (byte % 8)));
        }
        for cut in 0..whole.len() {
            storage.remove(&name).unwrap();
            disk.put(&name, &whole[..cut]);
            assert_eq!(read_order(&storage, 3), None, "cut at {cut}");
        }
    }
}
