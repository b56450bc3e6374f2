//! The server itself.

use super::super::error::ApiError;
use super::super::wire;
use super::super::world::World;
use super::{Reply, Request};

pub(super) fn get(world: &mut World, request: &Request) -> Result<Reply, ApiError> {
    request.query_only(&["with_counts"])?;
    let (guild, _) = world.bot_in(request.id("guild")?)?;
    Reply::json(wire::guild(world, guild))
}
