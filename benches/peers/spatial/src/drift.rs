//! Whether a tree that has followed moves for long still answers as fast as one built afresh.

use std::hint::black_box;

use xrmesh::space::{Aabb, Vec3};

use crate::case::Load;
use crate::clock::process_cpu;
use crate::data::{Frame, Random};
use crate::peers::{Answer, Peer};

/// Nanoseconds of the 8 nearest before `ticks` ticks in each of which a hundredth of the objects moves,
/// after them, and of a tree built from where they then are; of a move, and of the costliest tick; then
/// of all in a box of 3 m, before, after and built, where the peer carries boxes.
///
/// One object a cubic metre, each on a straight way that walls throw back, about `step_m` metres a move:
/// in 100,000 ticks of 5 cm it goes 50 m and meets wholly other neighbours.
pub fn run(peer: &mut dyn Peer, objects: usize, ticks: usize, step_m: f32) -> Vec<f64> {
    let mut random = Random::new(77);
    let side = (objects as f32).cbrt();
    let mut points: Vec<_> = (0..objects)
        .map(|_| Vec3::new(random.unit(), random.unit(), random.unit()) * side)
        .collect();
    let mut ways: Vec<_> = (0..objects)
        .map(|_| Vec3::new(random.bell(), random.bell(), random.bell()) * (step_m * 0.577))
        .collect();
    let centres: Vec<_> = (0..10_000)
        .map(|_| Vec3::new(random.unit(), random.unit(), random.unit()) * side)
        .collect();
    peer.take_points(&points);
    peer.build_points();
    let before = ask(peer, &centres);
    let (mut spent, mut worst, mut count) = (0.0f64, 0.0f64, 0);
    let mut frame = Frame { moves: Vec::new(), from: Vec::new() };
    for tick in 0..ticks {
        frame.moves.clear();
        frame.from.clear();
        for slot in (tick % 100..objects).step_by(100) {
            let (at, way) = (points[slot].to_array(), &mut ways[slot]);
            let mut turned = way.to_array();
            let mut to = at;
            for axis in 0..3 {
                if !(0.0..=side).contains(&(at[axis] + turned[axis])) {
                    turned[axis] = -turned[axis];
                }
                to[axis] += turned[axis];
            }
            *way = Vec3::new(turned[0], turned[1], turned[2]);
            frame.from.push(points[slot]);
            points[slot] = Vec3::new(to[0], to[1], to[2]);
            frame.moves.push((slot as u32, points[slot]));
        }
        let start = process_cpu();
        peer.move_points(&frame);
        let tick_s = (process_cpu() - start).as_secs_f64();
        spent += tick_s;
        worst = worst.max(tick_s);
        count += frame.moves.len();
    }
    let after = ask(peer, &centres);
    peer.take_points(&points);
    peer.build_points();
    let fresh = ask(peer, &centres);
    let mut figures: Vec<_> = [&before, &after, &fresh].iter().map(|figures| figures[0]).collect();
    figures.extend([spent * 1e9 / count.max(1) as f64, worst * 1e9]);
    figures.extend([before, after, fresh].iter().filter_map(|figures| figures.get(1)));
    figures
}

/// The 8 nearest, then the box, where the peer carries it.
fn ask(peer: &mut dyn Peer, centres: &[Vec3]) -> Vec<f64> {
    let mut figures = vec![median(centres, |at| peer.nearest(at))];
    if peer.carries(Load::InBox) {
        let half = Vec3::new(1.5, 1.5, 1.5);
        let area = |at: Vec3| Aabb::new(at - half, at + half).expect("finite");
        figures.push(median(centres, |at| peer.in_box(&area(at))));
    }
    figures
}

/// The median of nine passes.
fn median(centres: &[Vec3], mut one: impl FnMut(Vec3) -> Answer) -> f64 {
    let mut times: Vec<_> = (0..9)
        .map(|_| {
            let start = process_cpu();
            for &at in centres {
                black_box(one(at));
            }
            (process_cpu() - start).as_secs_f64() * 1e9 / centres.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
