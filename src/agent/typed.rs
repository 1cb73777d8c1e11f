//! Agents that receive values of their own types.

use crate::agent::{Agent, Context, Fault, StateHasher};
use crate::message::{ContentError, Contents, Envelope};

/// An agent that receives values instead of bytes. [`Typed`] makes it an [`Agent`]: the adapter is
/// compiled for the type, so nothing is called by pointer.
///
/// ```
/// use bytemuck::{Pod, Zeroable};
/// use xrmesh::{
///     Budget, Config, Context, Envelope, Fault, Kind, Mesh, Plain, Time, Typed, TypedAgent,
/// };
///
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Grab { object: u32 }
/// impl Plain for Grab { const KIND: Kind = Kind::user(1); }
///
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Release { object: u32 }
/// impl Plain for Release { const KIND: Kind = Kind::user(2); }
///
/// xrmesh::contents! { enum Input { Grab(Grab), Release(Release) } }
///
/// #[derive(Default)]
/// struct Hand { holds: Option<u32> }
///
/// impl TypedAgent for Hand {
///     type Content = Input;
///
///     fn on_content(&mut self, _: &mut Context<'_>, input: Input, _: &Envelope<'_>) -> Result<(), Fault> {
///         match input {
///             Input::Grab(grab) => self.holds = Some(grab.object),
///             Input::Release(release) if self.holds == Some(release.object) => self.holds = None,
///             Input::Release(_) => {}
///         }
///         Ok(())
///     }
/// }
///
/// let mut mesh = Mesh::new(Config::default())?;
/// let hand = mesh.spawn(Typed(Hand::default()))?;
/// mesh.send_content(hand, &Grab { object: 7 })?;
/// mesh.tick(Time::ZERO, Budget::unlimited())?;
/// assert_eq!(mesh.with_agent(hand, |hand: &Typed<Hand>| hand.0.holds), Some(Some(7)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait TypedAgent: Send + 'static {
    /// What it receives: one [`Content`](crate::Content), or several by [`contents!`](crate::contents).
    type Content: Contents;

    /// Runs once, in the first round after the spawn, before any message.
    ///
    /// # Errors
    /// A [`Fault`], which counts against the agent's breaker.
    #[expect(unused_variables, reason = "names for the documentation")]
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// Runs for each message that could be read.
    ///
    /// # Errors
    /// A [`Fault`], which counts against the agent's breaker.
    fn on_content(
        &mut self,
        context: &mut Context<'_>,
        content: Self::Content,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault>;

    /// Runs for each message that could not be read, with the reason: another kind, another length,
    /// bytes that do not decode. If not written, notices of the mesh are passed over and all else is a
    /// processing error.
    ///
    /// # Errors
    /// A [`Fault`], which counts against the agent's breaker.
    #[expect(unused_variables, reason = "names for the documentation")]
    fn on_other(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
        error: ContentError,
    ) -> Result<(), Fault> {
        if envelope.kind().is_notice() { Ok(()) } else { Err(error.into()) }
    }

    /// As [`Agent::on_tick`].
    ///
    /// # Errors
    /// A [`Fault`], which counts against the agent's breaker.
    #[expect(unused_variables, reason = "names for the documentation")]
    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// As [`Agent::on_stop`].
    #[expect(unused_variables, reason = "names for the documentation")]
    fn on_stop(&mut self, context: &mut Context<'_>) {}

    /// As [`Agent::hash_state`].
    #[expect(unused_variables, reason = "names for the documentation")]
    fn hash_state(&self, hasher: &mut StateHasher) {}

    /// As [`Agent::ticks`].
    fn ticks() -> bool
    where
        Self: Sized,
    {
        false
    }
}

/// A [`TypedAgent`] as an [`Agent`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Typed<A>(pub A);

impl<A: TypedAgent> Agent for Typed<A> {
    #[inline]
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.0.on_start(context)
    }

    #[inline]
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        match A::Content::read(envelope) {
            Ok(content) => self.0.on_content(context, content, envelope),
            Err(error) => self.0.on_other(context, envelope, error),
        }
    }

    #[inline]
    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.0.on_tick(context)
    }

    #[inline]
    fn on_stop(&mut self, context: &mut Context<'_>) {
        self.0.on_stop(context);
    }

    #[inline]
    fn hash_state(&self, hasher: &mut StateHasher) {
        self.0.hash_state(hasher);
    }

    fn ticks() -> bool {
        A::ticks()
    }
}
