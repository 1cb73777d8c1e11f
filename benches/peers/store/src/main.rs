//! The store of xrmesh's spatial memory against embedded databases: the same records, the same
//! guarantees, one process, one run. See `docs/benchmarks.md`.

mod clock;
mod peers;
mod record;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use clock::cpu_s;
use peers::Reopened;
use record::{Record, summed};

const HELP: &str = "\
Writes, commits and reloads objects of about 100 bytes in several stores, in turn.

  --objects N   objects to write (default 1000000)
  --batches N   batches of 1,000 changes, each made durable (default 200)
  --rounds N    rounds; the median counts (default 3)
  --peer NAME   only this peer; may be repeated
  --folder DIR  where the stores go (default: the system's temporary folder); removed afterwards
  --help";

struct Options {
    objects: u32,
    batches: u32,
    rounds: usize,
    peers: Vec<String>,
    folder: PathBuf,
}

/// What one peer took in one round.
#[derive(Clone, Copy, Default)]
struct Figures {
    write_s: f64,
    write_cpu_s: f64,
    bytes_per_object: f64,
    reopen_s: f64,
    reopen_cpu_s: f64,
    durable_per_s: f64,
}

fn main() -> Result<()> {
    let Some(options) = parse()? else {
        println!("{HELP}");
        return Ok(());
    };
    let records: Vec<_> = (0..options.objects).map(|slot| Record::new(slot, 0)).collect();
    let expected = summed(&records);
    let batches: Vec<Vec<_>> = (0..options.batches)
        .map(|batch| {
            // 1,000 objects spread over all of them.
            let slot = |i: u32| (i * (options.objects / 1000).max(1) + batch) % options.objects;
            let mut batch_of: Vec<_> = (0..1000).map(|i| Record::new(slot(i), batch + 1)).collect();
            batch_of.dedup_by_key(|record| record.slot);
            batch_of
        })
        .collect();
    let peers: Vec<_> = peers::all()
        .into_iter()
        .filter(|peer| options.peers.is_empty() || options.peers.iter().any(|p| p == peer.name()))
        .collect();
    let mut figures = vec![Vec::new(); peers.len()];
    for round in 0..options.rounds {
        for (peer, figures) in peers.iter().zip(&mut figures) {
            let folder = options.folder.join(format!("{}-{round}", peer.name()));
            std::fs::create_dir_all(&folder)?;
            let measured = measure(&**peer, &folder, &records, &batches, expected);
            std::fs::remove_dir_all(&folder)?;
            figures.push(measured.with_context(|| peer.name())?);
        }
    }
    let _ = std::fs::remove_dir(&options.folder);
    println!("peer\twrite s\tcpu s\tbytes/object\treopen s\tcpu s\tdurable changes/s");
    for (peer, figures) in peers.iter().zip(&figures) {
        let median = |part: fn(&Figures) -> f64| {
            let mut parts: Vec<_> = figures.iter().map(part).collect();
            parts.sort_by(f64::total_cmp);
            parts[parts.len() / 2]
        };
        println!(
            "{}\t{:.3}\t{:.3}\t{:.1}\t{:.3}\t{:.3}\t{:.0}",
            peer.name(),
            median(|f| f.write_s),
            median(|f| f.write_cpu_s),
            median(|f| f.bytes_per_object),
            median(|f| f.reopen_s),
            median(|f| f.reopen_cpu_s),
            median(|f| f.durable_per_s),
        );
    }
    Ok(())
}

fn measure(
    peer: &dyn peers::Peer,
    folder: &Path,
    records: &[Record],
    batches: &[Vec<Record>],
    expected: (usize, f64),
) -> Result<Figures> {
    let (begun, cpu) = (Instant::now(), cpu_s());
    peer.write(folder, records)?;
    let (write_s, write_cpu_s) = (begun.elapsed().as_secs_f64(), cpu_s() - cpu);
    let bytes_per_object = folder_bytes(folder)? as f64 / records.len() as f64;
    let (begun, cpu) = (Instant::now(), cpu_s());
    let Reopened { found, held } = peer.reopen(folder)?;
    let (reopen_s, reopen_cpu_s) = (begun.elapsed().as_secs_f64(), cpu_s() - cpu);
    drop(held);
    ensure!(found == expected, "{found:?} came back, expected {expected:?}");
    let changes: usize = batches.iter().map(Vec::len).sum();
    let durable_per_s = changes as f64 / peer.durable(folder, batches)?;
    Ok(Figures { write_s, write_cpu_s, bytes_per_object, reopen_s, reopen_cpu_s, durable_per_s })
}

/// The bytes on disk, as the file system has them allocated.
fn folder_bytes(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { folder_bytes(&entry.path())? } else { about.blocks() * 512 };
    }
    Ok(bytes)
}

fn parse() -> Result<Option<Options>> {
    let folder = std::env::temp_dir().join(format!("xrmesh-store-peers-{}", std::process::id()));
    let mut options =
        Options { objects: 1_000_000, batches: 200, rounds: 3, peers: Vec::new(), folder };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" => return Ok(None),
            "--objects" => options.objects = value()?.parse()?,
            "--batches" => options.batches = value()?.parse()?,
            "--rounds" => options.rounds = value()?.parse()?,
            "--peer" => options.peers.push(value()?),
            "--folder" => options.folder = PathBuf::from(value()?),
            other => bail!("unknown option {other}\n\n{HELP}"),
        }
    }
    ensure!(options.objects >= 1000 && options.rounds > 0, "at least 1000 objects, one round");
    Ok(Some(options))
}
