//! Training on the handwritten digits: in-situ training makes up for the errors of hardware.

#![cfg(feature = "photonic")]
#![expect(clippy::unwrap_used, reason = "tests")]

use ndarray::{Array2, Axis};
use xrmesh::photonic::{
    Classifier, DeviceKey, Drive, ElementLoss, Fabrication, Hardware, Imperfection, Quantisation,
    Training,
};

/// Rows of 64 pixels of unit length, and labels; every fifth sample for testing.
struct Digits {
    train: (Array2<f64>, Vec<usize>),
    test: (Array2<f64>, Vec<usize>),
}

fn digits() -> Digits {
    let set = smartcore::dataset::digits::load_dataset();
    let pixels = set.data.iter().map(|&pixel| f64::from(pixel)).collect();
    let mut samples = Array2::from_shape_vec((set.num_samples, set.num_features), pixels).unwrap();
    for mut row in samples.rows_mut() {
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        row.mapv_inplace(|x| x / length);
    }
    let labels: Vec<usize> = set.target.iter().map(|&label| label as usize).collect();
    let part = |test: bool| {
        let chosen: Vec<usize> =
            (0..labels.len()).filter(|k| k.is_multiple_of(5) == test).collect();
        (samples.select(Axis(0), &chosen), chosen.iter().map(|&k| labels[k]).collect())
    };
    Digits { train: part(false), test: part(true) }
}

fn hardware(device: u32, coupler_sigma_rad: f64) -> Hardware {
    Hardware {
        imperfection: Imperfection {
            fabrication: Fabrication {
                coupler_sigma_rad,
                loss: ElementLoss { shifter_db: 0.25, ..ElementLoss::NONE },
                ..Fabrication::default()
            },
            drive: Drive { quantisation: Quantisation::Phase { bits: 8 }, ..Drive::default() },
            ..Imperfection::default()
        },
        key: DeviceKey { seed: 77, device },
        photons: Some(1e7),
    }
}

#[test]
fn training_in_place_recovers_what_errors_cost() {
    let Digits { train, test } = digits();
    let training = |seed| Training {
        seed,
        epochs: 30,
        rate_rad: 0.03,
        sharpness: 20.0,
        ..Training::default()
    };
    let (mut plain, mut ideal_weights, mut in_place) = (0.0, 0.0, 0.0);
    for seed in 0..5_u32 {
        let hardware = hardware(seed, 0.02);
        let mut classifier = Classifier::new(64, 10, u64::from(seed)).unwrap();
        classifier.train(train.0.view(), &train.1, &training(u64::from(seed)), None).unwrap();
        let ideal = classifier.accuracy(test.0.view(), &test.1, None, 0).unwrap();
        let carried = classifier.accuracy(test.0.view(), &test.1, Some(&hardware), 0).unwrap();
        let mut trained = Classifier::new(64, 10, u64::from(seed)).unwrap();
        trained
            .train(train.0.view(), &train.1, &training(u64::from(seed)), Some(&hardware))
            .unwrap();
        let own = trained.accuracy(test.0.view(), &test.1, Some(&hardware), 0).unwrap();
        println!(
            "seed {seed}: ideal {ideal:.4}, its weights on hardware {carried:.4}, trained in place {own:.4}"
        );
        plain += ideal / 5.0;
        ideal_weights += carried / 5.0;
        in_place += own / 5.0;
    }
    assert!(plain >= 0.95, "{plain}");
    assert!(in_place >= plain - 0.01, "{in_place} beside {plain}");
    assert!(ideal_weights <= plain - 0.03, "{ideal_weights} beside {plain}");
}
