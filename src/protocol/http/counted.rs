//! What an answer counts as. It goes beside the answer: whoever sends it counts it once it is sent.

use std::net::IpAddr;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{Peer, caller};
use crate::{
    accounting::{Act, Outcome, Subject},
    protocol::act_of,
    resolver::Resolution,
    state::directory::Whose,
};

/// What programs that show a preview of a link call themselves, in lower case.
const PREVIEWERS: [&str; 17] = [
    "bingpreview",
    "dingtalkbot",
    "discordbot",
    "embedly",
    "facebookexternalhit",
    "facebot",
    "feishubot",
    "google-pagerenderer",
    "larkbot",
    "linkedinbot",
    "mattermost-bot",
    "pinterestbot",
    "skypeuripreview",
    "slackbot-linkexpanding",
    "telegrambot",
    "twitterbot",
    "whatsapp",
];

/// Headers by which a browser says that it fetches what nobody has followed yet.
const PURPOSES: [HeaderName; 4] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-purpose"),
    HeaderName::from_static("x-moz"),
];

//----------- Counted ----------------------------------------------------------

/// What an answer counts as; an extension of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// What became of the question.
    pub act: Act,
    /// Who asked; nobody where a proxy on this machine passed it on.
    pub from: Option<IpAddr>,
}

/// What a resolution counts as, asked by this request.
pub(super) fn act(parts: &Parts, resolution: &Resolution<'_>, whose: Whose) -> Act {
    let act = act_of(resolution, whose);
    if act.outcome == Outcome::Success && is_preview(&parts.headers) {
        act.with(Outcome::Preview)
    } else {
        act
    }
}

/// What counts where the node starts and cannot tell.
pub(super) fn starting(parts: &Parts) -> Counted {
    let act = Act {
        whose: Whose::NOBODY,
        subject: Subject::Identifier,
        outcome: Outcome::Error,
    };
    counts_as(parts, act)
}

/// A reply with what it counts as.
pub(super) fn counted(parts: &Parts, act: Act, reply: impl IntoResponse) -> Response {
    let mut response = reply.into_response();
    response.extensions_mut().insert(counts_as(parts, act));
    response
}

fn counts_as(parts: &Parts, act: Act) -> Counted {
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.address);
    Counted {
        act,
        from: peer.filter(|_| !caller::is_passed_on(parts)),
    }
}

/// Whether somebody is only shown that there is something.
fn is_preview(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| {
        let value = headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let agent = text(&header::USER_AGENT);
    let is_fetched_ahead = |name| {
        let purpose = text(name);
        ["prefetch", "prerender", "preview"]
            .iter()
            .any(|word| purpose.contains(word))
    };
    PREVIEWERS.iter().any(|name| agent.contains(name)) || PURPOSES.iter().any(is_fetched_ahead)
}
