//! x
mod args;
mod files;
mod generate;
mod histogram;
mod motion;
mod pose;
mod progress;
mod report;
mod room;
fn main() {}
