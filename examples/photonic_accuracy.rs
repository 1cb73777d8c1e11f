//! Draws accuracy against hardware error: the weights of an ideal device carried over, and the same
//! device trained in place, on the handwritten digits.
//!
//! `cargo run --release --example photonic_accuracy -- accuracy.svg`. Takes some ten seconds.
#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::fmt::Write as _;

use ndarray::{Array2, Axis};
use xrmesh::photonic::{
    Classifier, DeviceKey, Drive, ElementLoss, Fabrication, Hardware, Imperfection, Quantisation,
    Training,
};

/// Coupler errors (rad) to draw.
const SIGMAS: [f64; 7] = [0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "photonic_accuracy.svg".into());
    let ((samples, labels), (tests, wanted)) = digits()?;
    let training = Training { epochs: 30, rate_rad: 0.03, sharpness: 20.0, ..Training::default() };
    let mut ideal = Classifier::new(64, 10, 0)?;
    ideal.train(samples.view(), &labels, &training, None)?;
    let plain = ideal.accuracy(tests.view(), &wanted, None, 0)?;
    println!("ideal device: {plain:.4}");
    let (mut carried, mut in_place) = (Vec::new(), Vec::new());
    for sigma in SIGMAS {
        let hardware = hardware(sigma);
        carried.push(ideal.accuracy(tests.view(), &wanted, Some(&hardware), 0)?);
        let mut trained = Classifier::new(64, 10, 0)?;
        trained.train(samples.view(), &labels, &training, Some(&hardware))?;
        in_place.push(trained.accuracy(tests.view(), &wanted, Some(&hardware), 0)?);
        let last = carried.len() - 1;
        println!(
            "couplers off by {sigma:.2} rad: carried over {:.4}, trained in place {:.4}",
            carried[last], in_place[last]
        );
    }
    std::fs::write(&path, svg(plain, &carried, &in_place)?)?;
    println!("drawn to {path}");
    Ok(())
}

fn hardware(coupler_sigma_rad: f64) -> Hardware {
    let loss = ElementLoss { shifter_db: 0.25, ..ElementLoss::NONE };
    let quantisation = Quantisation::Phase { bits: 8 };
    Hardware {
        imperfection: Imperfection {
            fabrication: Fabrication { coupler_sigma_rad, loss, ..Fabrication::default() },
            drive: Drive { quantisation, ..Drive::default() },
            ..Imperfection::default()
        },
        key: DeviceKey { seed: 77, device: 0 },
        photons: Some(1e7),
    }
}

type Part = (Array2<f64>, Vec<usize>);

/// Rows of 64 pixels of unit length, and labels; every fifth sample is for testing.
fn digits() -> Result<(Part, Part), Box<dyn Error>> {
    let set = smartcore::dataset::digits::load_dataset();
    let pixels = set.data.iter().map(|&pixel| f64::from(pixel)).collect();
    let mut samples = Array2::from_shape_vec((set.num_samples, set.num_features), pixels)?;
    for mut row in samples.rows_mut() {
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        row.mapv_inplace(|x| x / length);
    }
    let part = |test: bool| {
        let chosen: Vec<usize> =
            (0..set.num_samples).filter(|k| k.is_multiple_of(5) == test).collect();
        let labels = chosen.iter().map(|&k| set.target[k] as usize).collect();
        (samples.select(Axis(0), &chosen), labels)
    };
    Ok((part(false), part(true)))
}

/// Two lines over the coupler error, and the ideal device's accuracy as a dashed one.
fn svg(plain: f64, carried: &[f64], in_place: &[f64]) -> Result<String, std::fmt::Error> {
    let x = |sigma: f64| 70.0 + 5200.0 * sigma;
    let y = |accuracy: f64| 40.0 + 280.0 * (1.0 - accuracy);
    let mut out = String::from(concat!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 380" "#,
        r#"font-family="sans-serif" font-size="13">"#,
        r#"<rect width="640" height="380" fill="white"/>"#
    ));
    for tenth in 0..=10 {
        let at = y(f64::from(tenth) / 10.0);
        write!(out, r##"<path d="M70 {at:.1}H590" stroke="#ddd"/>"##)?;
        write!(
            out,
            r#"<text x="62" y="{:.1}" text-anchor="end">{} %</text>"#,
            at + 4.0,
            tenth * 10
        )?;
    }
    for sigma in SIGMAS {
        let at = x(sigma);
        write!(out, r#"<text x="{at:.1}" y="340" text-anchor="middle">{sigma}</text>"#)?;
    }
    write!(
        out,
        r#"<text x="330" y="366" text-anchor="middle">coupler error σ (rad); 8-bit phases, 0.25 dB a shifter, shot noise</text>"#
    )?;
    let dashed = y(plain);
    write!(out, r##"<path d="M70 {dashed:.1}H590" stroke="#555" stroke-dasharray="6 4"/>"##)?;
    for (values, colour, label, place) in [
        (carried, "#c0392b", "ideal weights carried over", 58),
        (in_place, "#1f618d", "trained in place", 76),
    ] {
        let points: Vec<String> = SIGMAS
            .iter()
            .zip(values)
            .map(|(&sigma, &accuracy)| format!("{:.1},{:.1}", x(sigma), y(accuracy)))
            .collect();
        write!(
            out,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
            points.join(" ")
        )?;
        write!(out, r#"<text x="90" y="{}" fill="{colour}">{label}</text>"#, place + 180)?;
    }
    out.push_str("</svg>\n");
    Ok(out)
}
