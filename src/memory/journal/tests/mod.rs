//! The journal's promises, on a disk that crashes. The memory here is the list of its changes, so an
//! image is that list and a recovered store is exact when it is a prefix of it.

mod coalesce;
mod crash;
mod damage;
mod fixture;
mod kill;

use std::sync::Arc;

use core::num::NonZeroU32;

use super::super::area::{Area, AreaId};
use super::super::change::{Change, Removal};
use super::super::class::ClassId;
use super::super::frame::{Frame, FrameId};
use super::super::object::{Attributes, Object, ObjectId};
use super::{
    Durability, ImageProgress, ImageWriter, Journal, JournalConfig, JournalError, RecoverError,
    RecoveryReport, recover,
};
use crate::random::Counter;
use crate::space::{Pose, Quat, UpAxis, Vec3};
use crate::storage::{RamDisk, Storage};
use crate::time::Time;

pub(super) fn id(slot: u32) -> ObjectId {
    ObjectId::new(slot, NonZeroU32::MIN)
}

/// The `index`-th change of a stream in which all kinds come.
pub(super) fn change(index: u64) -> Change {
    let draw = Counter::new(7, [1, 0]).u32x4(index);
    let unit = |bits: u32| (bits >> 8) as f32 / (1 << 24) as f32;
    let place = Vec3::new(unit(draw[1]) * 100.0, unit(draw[2]) * 3.0, unit(draw[3]) * 100.0);
    let turn = Quat::new(0.0, unit(draw[1]), 0.0, 1.0);
    let pose = Pose::new(place, turn).unwrap();
    let object = id(draw[1] % 50);
    let time = Time::from_nanos(index as i64 * 11_111_111);
    let velocity = (draw[2] & 1 == 0).then_some(Vec3::new(0.5, -0.0, unit(draw[3])));
    match draw[0] % 16 {
        0 => Change::Class { class: ClassId::new(draw[1] as u16), label: "chair".into() },
        1..=4 => {
            let attributes = match draw[2] % 4 {
                0 => Attributes::None,
                1 => Attributes::Bytes(vec![draw[3] as u8; (draw[3] % 90) as usize].into()),
                2 => Attributes::Json(format!("{{\"n\":{index}}}").into()),
                _ => Attributes::Features(vec![unit(draw[3]); (draw[3] % 9) as usize].into()),
            };
            let object = Box::new(Object {
                id: object,
                class: ClassId::new(3),
                pose,
                half_extents: Vec3::splat(unit(draw[3])),
                velocity,
                confidence: unit(draw[1]),
                persistence: 1.0,
                first_seen: Time::ZERO,
                last_seen: time,
                frame: FrameId::new(draw[3] % 3),
                attributes,
            });
            let name = (draw[3] & 8 == 0).then(|| format!("thing {index}").into());
            Change::Put { object, name }
        }
        5..=9 => Change::Move { id: object, pose, velocity },
        10 => Change::Observe {
            id: object,
            pose,
            half_extents: Vec3::ZERO,
            velocity,
            confidence: 0.5,
            persistence: unit(draw[2]),
            last_seen: time,
        },
        11 => Change::Age { id: object, persistence: unit(draw[2]) },
        12 => {
            let cause = match draw[2] % 4 {
                0 => Removal::Removed,
                1 => Removal::Merged { into: id(99) },
                2 => Removal::Faded,
                _ => Removal::Evicted,
            };
            Change::Remove { id: object, cause }
        }
        13 => Change::PutFrame(Box::new(Frame {
            id: FrameId::new(1 + draw[1] % 5),
            name: "anchor".into(),
            parent: FrameId::WORLD,
            pose,
        })),
        14 => Change::PutArea(Box::new(Area {
            id: AreaId::new(draw[1] % 5),
            name: "kitchen".into(),
            kind: "room".into(),
            boundary: vec![place; (draw[2] % 5) as usize].into(),
            up: UpAxis::Z,
            properties: "{}".into(),
        })),
        _ => match draw[1] % 5 {
            0 => Change::RemoveFrame(FrameId::new(draw[1] % 9)),
            1 => Change::Vacant(object),
            2 => Change::Alias { old: object, into: id(draw[2]) },
            3 => Change::Next { frame: FrameId::new(draw[2]), area: AreaId::new(draw[3]) },
            _ => Change::RemoveArea(AreaId::new(draw[1] % 9)),
        },
    }
}

pub(super) fn changes(range: core::ops::Range<u64>) -> Vec<Change> {
    range.map(change).collect()
}

/// Numbers at which a few dozen changes fill several blocks and files.
pub(super) fn small() -> JournalConfig {
    JournalConfig { file_bytes: 4 << 10, block_bytes: 1 << 10, ..JournalConfig::default() }
}

/// A journal, the changes that it was given or gave back, and the image that is under way.
pub(super) struct Store {
    pub(super) journal: Journal,
    pub(super) history: Vec<Change>,
    pub(super) image: Option<(ImageWriter, std::vec::IntoIter<Change>)>,
    pub(super) report: RecoveryReport,
}

impl Store {
    pub(super) fn open(storage: impl Storage + 'static) -> Result<Self, RecoverError> {
        Self::open_with(storage, small())
    }

    pub(super) fn open_with(
        storage: impl Storage + 'static,
        config: JournalConfig,
    ) -> Result<Self, RecoverError> {
        let mut history = Vec::new();
        let (journal, report) = recover(Arc::new(storage), config, &mut |change| {
            history.push(change.into());
            Ok(())
        })?;
        Ok(Self { journal, history, image: None, report })
    }

    pub(super) fn on(disk: &RamDisk) -> Result<Self, RecoverError> {
        Self::open(disk.open()?)
    }

    pub(super) fn append(&mut self, change: Change) -> Result<(), JournalError> {
        let sequence = self.journal.append(&change, Durability::Each)?;
        self.history.push(change);
        assert_eq!(sequence.0, self.history.len() as u64);
        Ok(())
    }

    pub(super) fn append_next(&mut self, count: u64) -> Result<(), JournalError> {
        for _ in 0..count {
            self.append(change(self.history.len() as u64))?;
        }
        Ok(())
    }

    pub(super) fn end_tick(&mut self) -> Result<(), JournalError> {
        self.journal.end_tick(Time::from_nanos(self.history.len() as i64 * 1_000_000))
    }

    pub(super) fn begin_image(&mut self) -> Result<(), JournalError> {
        self.image = Some((self.journal.begin_image()?, self.history.clone().into_iter()));
        Ok(())
    }

    /// One step of the image that is under way; says whether there was one.
    pub(super) fn step_image(&mut self, bytes: u64) -> Result<bool, JournalError> {
        let Some((image, changes)) = &mut self.image else { return Ok(false) };
        if let ImageProgress::Written { .. } = image.step(changes, bytes)? {
            self.image = None;
        }
        Ok(true)
    }

    pub(super) fn write_image(&mut self) -> Result<(), JournalError> {
        self.begin_image()?;
        while self.step_image(u64::MAX)? {}
        Ok(())
    }
}
