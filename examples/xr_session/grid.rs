//! The floor as a grid of cells that a person can or cannot stand on, and ways across it.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::room::{Entity, Label, Room};

/// Side of a cell, in metres.
const CELL: f32 = 0.1;
/// How far a person's middle keeps from walls and furniture, in metres.
const CLEARANCE: f32 = 0.27;
/// What hangs or starts above this height over the floor, in metres, is walked under.
const HEADROOM: f32 = 1.9;
/// Longest side of the grid, in cells: 100 m of floor.
const MAX_CELLS: usize = 1_000;

/// Cells of a room's floor, row by row along Z.
#[derive(Debug)]
pub(crate) struct Grid {
    low: [f32; 2],
    columns: usize,
    rows: usize,
    free: Vec<bool>,
}

impl Grid {
    /// The largest connected piece of free floor in `room`; `None` where nothing is free.
    pub(crate) fn of(room: &Room) -> Option<Self> {
        let [low, high] = room.extent()?;
        let cells = |axis: usize| (((high[axis] - low[axis]) / CELL) as usize + 1).min(MAX_CELLS);
        let (columns, rows) = (cells(0), cells(1));
        let floor = room.floor_height();
        let ground: Vec<_> = room
            .entities
            .iter()
            .filter(|entity| entity.label == Label::Floor)
            .map(Entity::footprint)
            .collect();
        let obstacles: Vec<_> = room
            .entities
            .iter()
            .filter(|entity| stands_in_the_way(entity, floor))
            .map(Entity::footprint)
            .collect();
        let mut grid = Self { low, columns, rows, free: vec![false; columns * rows] };
        for cell in 0..grid.free.len() {
            let point = grid.point(cell);
            let on_floor = ground.is_empty() || ground.iter().any(|outline| inside(point, outline));
            grid.free[cell] =
                on_floor && obstacles.iter().all(|outline| distance(point, outline) >= CLEARANCE);
        }
        grid.keep_largest_piece().then_some(grid)
    }

    /// The cells that can be stood on.
    pub(crate) fn free_cells(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.free.len()).filter(|cell| self.free[*cell])
    }

    /// The middle of `cell` in (x, z).
    pub(crate) fn point(&self, cell: usize) -> [f32; 2] {
        let (column, row) = (cell % self.columns, cell / self.columns);
        [self.low[0] + (column as f32 + 0.5) * CELL, self.low[1] + (row as f32 + 0.5) * CELL]
    }

    /// Whether a person can stand at (x, z).
    pub(crate) fn is_free(&self, [x, z]: [f32; 2]) -> bool {
        let cell = |value: f32, low: f32, count: usize| {
            let index = ((value - low) / CELL).floor();
            (index >= 0.0 && index < count as f32).then_some(index as usize)
        };
        let column = cell(x, self.low[0], self.columns);
        let row = cell(z, self.low[1], self.rows);
        column.zip(row).is_some_and(|(column, row)| self.free[row * self.columns + column])
    }

    /// Free floor, in square metres.
    pub(crate) fn free_area(&self) -> f32 {
        self.free_cells().count() as f32 * (CELL * CELL)
    }

    /// Steps from `start` to every cell, in tenths of a cell's side; `u32::MAX` where no way leads.
    /// O(cells · log cells).
    pub(crate) fn distances(&self, start: usize) -> Vec<u32> {
        let mut distances = vec![u32::MAX; self.free.len()];
        distances[start] = 0;
        let mut queue = BinaryHeap::from([Reverse((0_u32, start))]);
        while let Some(Reverse((distance, cell))) = queue.pop() {
            if distance > distances[cell] {
                continue;
            }
            for (neighbour, step) in self.neighbours(cell) {
                if distance + step < distances[neighbour] {
                    distances[neighbour] = distance + step;
                    queue.push(Reverse((distance + step, neighbour)));
                }
            }
        }
        distances
    }

    /// The cells of a shortest way from `from` to the start that `distances` counts from, both
    /// included.
    pub(crate) fn way(&self, distances: &[u32], from: usize) -> Vec<usize> {
        let mut way = vec![from];
        let mut cell = from;
        while distances[cell] > 0 {
            let next = self
                .neighbours(cell)
                .filter(|(neighbour, step)| {
                    distances[*neighbour].checked_add(*step) == Some(distances[cell])
                })
                .map(|(neighbour, _)| neighbour)
                .next();
            let Some(next) = next else { break };
            way.push(next);
            cell = next;
        }
        way
    }

    /// The free cells around `cell` and the cost of a step to each; no cutting of corners.
    fn neighbours(&self, cell: usize) -> impl Iterator<Item = (usize, u32)> + '_ {
        let (column, row) = ((cell % self.columns) as isize, (cell / self.columns) as isize);
        let at = move |dx: isize, dz: isize| {
            let (x, z) = (column + dx, row + dz);
            let valid = x >= 0 && z >= 0 && x < self.columns as isize && z < self.rows as isize;
            let cell = valid.then_some((z * self.columns as isize + x) as usize)?;
            self.free[cell].then_some(cell)
        };
        const STEPS: [(isize, isize); 8] =
            [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];
        STEPS.into_iter().filter_map(move |(dx, dz)| {
            let diagonal = dx != 0 && dz != 0;
            if diagonal && (at(dx, 0).is_none() || at(0, dz).is_none()) {
                return None;
            }
            at(dx, dz).map(|cell| (cell, if diagonal { 14 } else { 10 }))
        })
    }

    /// Frees only the largest connected piece; whether there is one.
    fn keep_largest_piece(&mut self) -> bool {
        let mut piece = vec![0_u32; self.free.len()];
        let mut largest = (0, 0);
        let mut pieces = 0;
        for start in 0..self.free.len() {
            if !self.free[start] || piece[start] != 0 {
                continue;
            }
            pieces += 1;
            piece[start] = pieces;
            let (mut stack, mut size) = (vec![start], 0);
            while let Some(cell) = stack.pop() {
                size += 1;
                for (neighbour, _) in self.neighbours(cell) {
                    if piece[neighbour] == 0 {
                        piece[neighbour] = pieces;
                        stack.push(neighbour);
                    }
                }
            }
            if size > largest.0 {
                largest = (size, pieces);
            }
        }
        for (free, piece) in self.free.iter_mut().zip(&piece) {
            *free &= *piece == largest.1;
        }
        largest.0 > 0
    }
}

fn stands_in_the_way(entity: &Entity, floor: f32) -> bool {
    let flat = matches!(
        entity.label,
        Label::Floor | Label::Ceiling | Label::Mesh | Label::Art | Label::Window | Label::Door
    );
    !flat && entity.height_range().is_some_and(|[low, _]| low < floor + HEADROOM)
}

/// Whether `point` lies in a convex `outline`, counter-clockwise.
pub(crate) fn inside([x, z]: [f32; 2], outline: &[[f32; 2]]) -> bool {
    outline.len() >= 3
        && edges(outline)
            .all(|(a, b)| (b[0] - a[0]) * (z - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0.0)
}

/// From `point` to a convex `outline`; zero inside.
fn distance(point: [f32; 2], outline: &[[f32; 2]]) -> f32 {
    if inside(point, outline) {
        return 0.0;
    }
    let to_edge = |(a, b): ([f32; 2], [f32; 2])| {
        let (along, to) = ([b[0] - a[0], b[1] - a[1]], [point[0] - a[0], point[1] - a[1]]);
        let length_squared = along[0] * along[0] + along[1] * along[1];
        let share = if length_squared > 0.0 {
            ((to[0] * along[0] + to[1] * along[1]) / length_squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let off = [to[0] - share * along[0], to[1] - share * along[1]];
        (off[0] * off[0] + off[1] * off[1]).sqrt()
    };
    edges(outline).map(to_edge).fold(f32::INFINITY, f32::min)
}

fn edges(outline: &[[f32; 2]]) -> impl Iterator<Item = ([f32; 2], [f32; 2])> + '_ {
    (0..outline.len()).map(|i| (outline[i], outline[(i + 1) % outline.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::room;

    #[test]
    fn ways_are_connected_free_and_shortest() {
        let grid = Grid::of(&room(3)).unwrap();
        let cells: Vec<_> = grid.free_cells().collect();
        let (start, end) = (cells[0], cells[cells.len() - 1]);
        let distances = grid.distances(start);
        assert!(cells.iter().all(|cell| distances[*cell] != u32::MAX), "one piece");
        let way = grid.way(&distances, end);
        assert_eq!((way[0], way[way.len() - 1]), (end, start));
        let mut length = 0;
        for pair in way.windows(2) {
            length += grid.neighbours(pair[0]).find(|(cell, _)| *cell == pair[1]).unwrap().1;
        }
        assert_eq!(length, distances[end]);
    }

    #[test]
    fn distances_to_an_outline() {
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        assert_eq!(distance([1.0, 1.0], &square), 0.0);
        assert_eq!(distance([3.0, 1.0], &square), 1.0);
        assert_eq!(distance([5.0, 6.0], &square), 5.0);
        assert_eq!(distance([0.0, 1.0], &[[1.0, 0.0], [1.0, 2.0]]), 1.0);
        assert_eq!(distance([0.0, 0.0], &[]), f32::INFINITY);
    }
}
