//! How much is read.

/// How much of a map is read. What is larger is refused with the limit's number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapLimits {
    /// The longest text, in bytes: default 1 GiB, of which a million objects take about half.
    pub max_bytes: u64,
    /// The longest text of one object, region or frame, in bytes: default 1 MiB.
    pub max_record_bytes: u64,
    /// The most objects: default 2²⁸.
    pub max_objects: u32,
    /// The most class labels: default and at most 65,536.
    pub max_classes: u32,
    /// The most frames: default 2²⁰.
    pub max_frames: u32,
    /// The most regions: default 2²⁰.
    pub max_areas: u32,
    /// The most points of one region's boundary: default 65,536.
    pub max_area_corners: u32,
    /// The longest key, name or label, in bytes: default 65,535.
    pub max_name_bytes: u32,
    /// The longest content of one object's attributes, in bytes: default 65,536.
    pub max_attribute_bytes: u32,
    /// The deepest nesting of an object's own JSON: default 64.
    pub max_depth: u32,
}

/// How much of a room scan is read. What is larger is refused with the limit's number.
#[derive(Clone, PartialEq, Debug)]
pub struct ScanLimits {
    /// The longest text, in bytes: default 256 MiB.
    pub max_bytes: u64,
    /// The longest text of one entity with its triangles, in bytes: default 128 MiB.
    pub max_entity_bytes: u64,
    /// The most entities: default 65,536.
    pub max_entities: u32,
    /// The farthest coordinate and the largest extent, in metres: default 10,000.
    pub max_metres: f32,
}

impl MapLimits {
    /// The default of [`max_depth`](Self::max_depth), and the deepest JSON that is written as it is.
    pub(super) const DEPTH: u32 = 64;
}

impl Default for MapLimits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_record_bytes: 1 << 20,
            max_objects: 1 << 28,
            max_classes: 1 << 16,
            max_frames: 1 << 20,
            max_areas: 1 << 20,
            max_area_corners: 1 << 16,
            max_name_bytes: 65_535,
            max_attribute_bytes: 65_536,
            max_depth: Self::DEPTH,
        }
    }
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self {
            max_bytes: 256 << 20,
            max_entity_bytes: 128 << 20,
            max_entities: 65_536,
            max_metres: 10_000.0,
        }
    }
}
