//! Agents that receive values of their own types: plain data, sums of them, and serde.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::time::Duration;

use bytemuck::{Pod, Zeroable};
use xrmesh::{
    Agent, AgentId, Budget, Config, Content, ContentError, Contents, Context, Envelope, Fault,
    Kind, Mesh, Message, Plain, Priority, SendError, StateHasher, Time, Typed, TypedAgent,
    Undelivered,
};

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Grab {
    object: u32,
    strength: f32,
}

impl Plain for Grab {
    const KIND: Kind = Kind::user(1);
}

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Release {
    object: u32,
}

impl Plain for Release {
    const KIND: Kind = Kind::user(2);
}

/// Content by hand, of any length: what is not plain data.
#[derive(Clone, Debug, PartialEq)]
struct Name(String);

impl Content for Name {
    const KIND: Kind = Kind::user(3);

    fn with_message<R>(&self, send: impl FnOnce(Message<'_>) -> R) -> Result<R, ContentError> {
        if self.0.is_empty() {
            return Err(ContentError::Unencodable { kind: Self::KIND, reason: "empty".into() });
        }
        Ok(send(Message::new(Self::KIND).bytes(self.0.as_bytes())))
    }

    fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let text = std::str::from_utf8(bytes).map_err(|error| ContentError::Malformed {
            given: bytes.len(),
            reason: error.to_string().into(),
        })?;
        Ok(Self(text.into()))
    }
}

xrmesh::contents! {
    /// What a hand hears.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Input {
        Grab(Grab),
        /// An end.
        Release(Release),
        Name(Name),
        Undelivered(Undelivered),
    }
}

/// Keeps what it read and what it could not.
#[derive(Default)]
struct Hand {
    heard: Vec<Input>,
    refused: Vec<ContentError>,
    ticks: u32,
}

impl TypedAgent for Hand {
    type Content = Input;

    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        context.wake_at(context.now())?;
        Ok(())
    }

    fn on_content(
        &mut self,
        _: &mut Context<'_>,
        input: Input,
        _: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.heard.push(input);
        Ok(())
    }

    fn on_other(
        &mut self,
        _: &mut Context<'_>,
        _: &Envelope<'_>,
        error: ContentError,
    ) -> Result<(), Fault> {
        self.refused.push(error);
        Ok(())
    }

    fn on_tick(&mut self, _: &mut Context<'_>) -> Result<(), Fault> {
        self.ticks += 1;
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u32(self.ticks);
    }
}

fn mesh() -> (Mesh, AgentId) {
    let mut mesh = Mesh::new(Config::default()).unwrap();
    let hand = mesh.spawn(Typed(Hand::default())).unwrap();
    (mesh, hand)
}

fn tick(mesh: &mut Mesh) {
    mesh.tick(Time::ZERO, Budget::unlimited()).unwrap();
}

fn heard(mesh: &Mesh, hand: AgentId) -> Vec<Input> {
    mesh.with_agent(hand, |hand: &Typed<Hand>| hand.0.heard.clone()).unwrap()
}

fn refused(mesh: &Mesh, hand: AgentId) -> Vec<ContentError> {
    mesh.with_agent(hand, |hand: &Typed<Hand>| hand.0.refused.clone()).unwrap()
}

const GRAB: Grab = Grab { object: 7, strength: 0.5 };
const RELEASE: Release = Release { object: 7 };

#[test]
fn each_way_of_sending_brings_each_type_of_content() {
    let (mut mesh, hand) = mesh();
    let handle = mesh.handle();
    let mut lane = handle.lane().unwrap();
    let long = Name("x".repeat(500));
    mesh.send_content(hand, &GRAB).unwrap();
    tick(&mut mesh);
    handle.send_content(hand, &RELEASE).unwrap();
    tick(&mut mesh);
    lane.send_content(hand, &long).unwrap();
    tick(&mut mesh);
    assert_eq!(heard(&mesh, hand), [GRAB.into(), RELEASE.into(), long.into()]);
    assert_eq!(refused(&mesh, hand), []);
}

#[test]
fn a_sum_knows_its_kinds() {
    let kinds = [Kind::user(1), Kind::user(2), Kind::user(3), Kind::UNDELIVERED];
    assert_eq!(Input::KINDS, kinds);
    assert_eq!(<Grab as Contents>::KINDS, [Kind::user(1)]);
    assert!(Kind::differ(Input::KINDS));
    assert!(!Kind::differ(&[Kind::user(1), Kind::user(2), Kind::user(1)]));
}

#[test]
fn what_cannot_be_read_is_told_with_what_was_expected_and_given() {
    let (mut mesh, hand) = mesh();
    mesh.send(hand, Message::new(Kind::user(9)).plain(&GRAB)).unwrap();
    mesh.send(hand, Message::new(<Grab as Plain>::KIND).bytes(&[1, 2, 3])).unwrap();
    mesh.send(hand, Message::new(<Release as Plain>::KIND).bytes(&[0; 9])).unwrap();
    mesh.send(hand, Message::new(Name::KIND).bytes(&[0xff])).unwrap();
    tick(&mut mesh);
    assert_eq!(heard(&mesh, hand), []);
    let refused = refused(&mesh, hand);
    let expected = [
        ContentError::UnknownKind { expected: Input::KINDS, given: Kind::user(9) },
        ContentError::Size { expected: 8, given: 3 },
        ContentError::Size { expected: 4, given: 9 },
    ];
    assert_eq!(refused[..3], expected);
    assert!(matches!(&refused[3], ContentError::Malformed { given: 1, .. }), "{refused:?}");
    let text = refused[0].to_string();
    assert!(text.contains("user 1") && text.contains("user 9"), "{text}");
}

#[test]
fn the_other_handlers_pass_through() {
    let (mut mesh, hand) = mesh();
    let before = mesh.state_hash();
    tick(&mut mesh);
    tick(&mut mesh);
    let ticks = mesh.with_agent(hand, |hand: &Typed<Hand>| hand.0.ticks);
    assert_eq!(ticks, Some(1));
    assert_ne!(mesh.state_hash(), before);
}

#[test]
fn a_content_without_bytes_is_refused_by_every_sender() {
    let (mut mesh, hand) = mesh();
    let (nobody, handle) = (Name(String::new()), mesh.handle());
    let error = ContentError::Unencodable { kind: Name::KIND, reason: "empty".into() };
    assert_eq!(mesh.send_content(hand, &nobody), Err(SendError::Content(error.clone())));
    assert_eq!(handle.send_content(hand, &nobody), Err(error.into()));
    tick(&mut mesh);
    assert_eq!(mesh.counters().sent(), 0);
}

/// Asks as soon as it starts, and keeps the answer.
struct Asker(AgentId, Option<Release>);

impl TypedAgent for Asker {
    type Content = Release;

    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        context.ask_content(self.0, &GRAB, Duration::from_secs(1))?;
        Ok(())
    }

    fn on_content(
        &mut self,
        _: &mut Context<'_>,
        answer: Release,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        assert!(envelope.answer_to().is_some());
        self.1 = Some(answer);
        Ok(())
    }
}

struct Answers;

impl TypedAgent for Answers {
    type Content = Grab;

    fn on_content(
        &mut self,
        context: &mut Context<'_>,
        grab: Grab,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        context.reply_content(envelope, &Release { object: grab.object })?;
        Ok(())
    }
}

#[test]
fn questions_and_answers_are_typed() {
    let (mut mesh, _) = mesh();
    let answers = mesh.spawn(Typed(Answers)).unwrap();
    let asker = mesh.spawn(Typed(Asker(answers, None))).unwrap();
    tick(&mut mesh);
    assert_eq!(mesh.with_agent(asker, |asker: &Typed<Asker>| asker.0.1), Some(Some(RELEASE)));
    assert_eq!(mesh.counters().pending(), 0);
}

/// One failure opens the breaker: the second message tells whether the first was one.
fn trips(agent: impl Agent, messages: [Message<'_>; 2]) -> bool {
    let mut config = Config::default();
    config.reliability.circuit_breaker_threshold = 1;
    let mut mesh = Mesh::new(config).unwrap();
    let id = mesh.spawn(agent).unwrap();
    for message in messages {
        mesh.send(id, message).unwrap();
        tick(&mut mesh);
    }
    mesh.counters().dropped(xrmesh::DropReason::Tripped) == 1
}

#[test]
fn an_unread_message_is_a_fault_unless_it_is_a_notice() {
    let foreign = Message::new(Kind::user(9));
    assert!(trips(Typed(Answers), [foreign, foreign]));

    // A question to one that never answers: its timeout is a notice.
    let (mut mesh, hand) = mesh();
    let asker = mesh.spawn(Typed(Asker(hand, None))).unwrap();
    tick(&mut mesh);
    mesh.tick(Time::ZERO + Duration::from_secs(2), Budget::unlimited()).unwrap();
    assert_eq!(mesh.counters().delivered(), 2);
    assert_eq!(mesh.health(asker), Some(xrmesh::Health::Healthy));
}

#[test]
fn a_notice_can_be_one_of_the_contents() {
    struct Sends(AgentId, Vec<Input>);
    impl TypedAgent for Sends {
        type Content = Input;
        fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
            let (to, me) = (self.0, context.id());
            assert_ne!(to, me);
            GRAB.with_message(|message| context.send(to, message.report()))??;
            Ok(())
        }
        fn on_content(
            &mut self,
            _: &mut Context<'_>,
            input: Input,
            _: &Envelope<'_>,
        ) -> Result<(), Fault> {
            self.1.push(input);
            Ok(())
        }
    }

    let (mut mesh, hand) = mesh();
    let sends = mesh.spawn(Typed(Sends(hand, Vec::new()))).unwrap();
    mesh.despawn(hand).unwrap();
    tick(&mut mesh);
    let heard = mesh.with_agent(sends, |sends: &Typed<Sends>| sends.0.1.clone()).unwrap();
    assert!(matches!(heard[..], [Input::Undelivered(_)]), "{heard:?}");
}

#[test]
fn options_can_be_added_to_a_content() {
    let (mut mesh, hand) = mesh();
    mesh.send_content(hand, &RELEASE).unwrap();
    let urgent = |mesh: &mut Mesh| {
        GRAB.with_message(|message| mesh.send(hand, message.priority(Priority::MOST_URGENT)))
    };
    urgent(&mut mesh).unwrap().unwrap();
    tick(&mut mesh);
    assert_eq!(heard(&mesh, hand), [GRAB.into(), RELEASE.into()]);
}

#[cfg(feature = "serde-content")]
mod by_serde {
    use super::*;
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize, Serializer};
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Line {
        Text(String),
        Place { x: f32, y: f32 },
        Silence,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Chat {
        room: u64,
        lines: Vec<Line>,
        seen: BTreeMap<String, Option<i32>>,
    }
    xrmesh::serde_content!(Chat, Kind::user(20));

    xrmesh::contents! {
        #[derive(Clone, Debug, PartialEq)]
        enum Mixed { Grab(Grab), Chat(Chat) }
    }

    #[derive(Default)]
    struct Listener(Vec<Mixed>, Vec<ContentError>);

    impl TypedAgent for Listener {
        type Content = Mixed;
        fn on_content(
            &mut self,
            _: &mut Context<'_>,
            mixed: Mixed,
            _: &Envelope<'_>,
        ) -> Result<(), Fault> {
            self.0.push(mixed);
            Ok(())
        }
        fn on_other(
            &mut self,
            _: &mut Context<'_>,
            _: &Envelope<'_>,
            error: ContentError,
        ) -> Result<(), Fault> {
            self.1.push(error);
            Ok(())
        }
    }

    fn chat() -> Chat {
        Chat {
            room: 3,
            lines: vec![Line::Text("hello".into()), Line::Place { x: 1.0, y: -2.5 }, Line::Silence],
            seen: BTreeMap::from([("a".into(), Some(-1)), ("b".into(), None)]),
        }
    }

    fn encoded(chat: &Chat) -> Vec<u8> {
        xrmesh::encode_serde(Chat::KIND, chat, |_| ()).unwrap();
        let mut mesh = Mesh::new(Config::default()).unwrap();
        struct Raw(Vec<u8>);
        impl Agent for Raw {
            fn on_message(
                &mut self,
                _: &mut Context<'_>,
                envelope: &Envelope<'_>,
            ) -> Result<(), Fault> {
                self.0 = envelope.bytes().to_vec();
                Ok(())
            }
        }
        let raw = mesh.spawn(Raw(Vec::new())).unwrap();
        mesh.send_content(raw, chat).unwrap();
        tick(&mut mesh);
        mesh.with_agent(raw, |raw: &Raw| raw.0.clone()).unwrap()
    }

    #[test]
    fn a_value_arrives_as_it_was_beside_plain_data() {
        let mut mesh = Mesh::new(Config::default()).unwrap();
        let listener = mesh.spawn(Typed(Listener::default())).unwrap();
        mesh.send_content(listener, &chat()).unwrap();
        mesh.send_content(listener, &GRAB).unwrap();
        mesh.handle().send_content(listener, &chat()).unwrap();
        tick(&mut mesh);
        let mut heard =
            mesh.with_agent(listener, |listener: &Typed<Listener>| listener.0.0.clone()).unwrap();
        heard.sort_by_key(|mixed| matches!(mixed, Mixed::Chat(_)));
        assert_eq!(heard, [GRAB.into(), chat().into(), chat().into()]);
    }

    #[test]
    fn a_value_may_be_encoded_while_another_is_sent() {
        let outer = Chat { lines: vec![], ..chat() };
        let sizes = xrmesh::encode_serde(Chat::KIND, &outer, |_| {
            xrmesh::encode_serde(Chat::KIND, &chat(), |_| ())
        });
        assert_eq!(sizes, Ok(Ok(())));
        let bytes = encoded(&outer);
        assert_eq!(xrmesh::decode_serde::<Chat>(&bytes), Ok(outer));
    }

    #[test]
    fn a_value_that_serde_cannot_write_is_refused_and_nothing_sent() {
        struct Endless;
        impl Serialize for Endless {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq((0..3).filter(|_| true))
            }
        }
        let refused = xrmesh::encode_serde(Kind::user(5), &Endless, |_| panic!("sent"));
        let expected = Kind::user(5);
        assert!(
            matches!(&refused, Err(ContentError::Unencodable { kind, .. }) if *kind == expected),
            "{refused:?}"
        );
    }

    #[test]
    fn malformed_bytes_are_told_with_their_number() {
        let mut mesh = Mesh::new(Config::default()).unwrap();
        let listener = mesh.spawn(Typed(Listener::default())).unwrap();
        let whole = encoded(&chat());
        let cut = &whole[..whole.len() - 1];
        let longer = [&whole[..], &[0, 0]].concat();
        for bytes in [cut, &longer, &[0xff; 12], &[]] {
            mesh.send(listener, Message::new(Chat::KIND).bytes(bytes)).unwrap();
        }
        tick(&mut mesh);
        let (heard, refused) = mesh
            .with_agent(listener, |listener: &Typed<Listener>| {
                (listener.0.0.len(), listener.0.1.clone())
            })
            .unwrap();
        assert_eq!(heard, 0);
        let given: Vec<_> = refused
            .iter()
            .map(|error| match error {
                ContentError::Malformed { given, reason } => (*given, reason.is_empty()),
                other => panic!("{other}"),
            })
            .collect();
        let expected = [cut.len(), longer.len(), 12, 0].map(|given| (given, false));
        assert_eq!(given, expected);
        assert!(refused[1].to_string().contains("2 bytes are left over"), "{}", refused[1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Any bytes decode or are refused; what decodes is written back as it is read.
        #[test]
        fn no_bytes_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(chat) = xrmesh::decode_serde::<Chat>(&bytes) {
                let again = xrmesh::encode_serde(Chat::KIND, &chat, |_| ());
                prop_assert!(again.is_ok());
            }
        }

        #[test]
        fn what_is_written_is_read(room: u64, words in prop::collection::vec(".*", 0..8), x: i16) {
            let mut lines: Vec<_> = words.into_iter().map(Line::Text).collect();
            lines.push(Line::Place { x: f32::from(x), y: 0.5 });
            let chat = Chat { room, lines, seen: BTreeMap::new() };
            let bytes = encoded(&chat);
            prop_assert_eq!(xrmesh::decode_serde::<Chat>(&bytes), Ok(chat));
        }
    }
}
