//! A prefix as values, made up from the directory: whose it is, and where its own node answers.

use std::borrow::Cow;

use super::value::referral_sites;
use crate::{change::Hosting, resolver::PrefixView};

/// Who it is.
const DESCRIPTION: u32 = 1;

/// Their page.
const WEBSITE: u32 = 2;

/// The first site of their own node; the others follow. Between them is room for more.
const FIRST_SITE: u32 = 10;

//----------- MadeUp -----------------------------------------------------------

/// A value that nobody registered: it has no time of change.
#[derive(Debug)]
pub(in crate::protocol) struct MadeUp<'a> {
    pub(in crate::protocol) index: u32,
    pub(in crate::protocol) kind: &'static str,
    pub(in crate::protocol) data: Cow<'a, [u8]>,
}

/// The values of a prefix, in order of index; both interfaces of the Handle system send these.
pub(in crate::protocol) fn values_of<'a>(view: &PrefixView<'a>) -> Vec<MadeUp<'a>> {
    let (description, website, hosting) = match *view {
        PrefixView::Enterprise {
            entry,
            enterprise: Some(enterprise),
        } => {
            let facts = &enterprise.facts;
            (&*facts.org_name, &*facts.website, &entry.facts.hosting)
        }
        _ => ("secondary prefix", "", &Hosting::Hosted),
    };
    let texts = [
        (DESCRIPTION, "DESC", description),
        (WEBSITE, "URL", website),
    ];
    let texts = texts.into_iter().filter(|(_, _, text)| !text.is_empty());
    let texts = texts.map(|(index, kind, text)| MadeUp {
        index,
        kind,
        data: Cow::Borrowed(text.as_bytes()),
    });
    let sites = match hosting {
        Hosting::SelfBuilt(Some(route)) => referral_sites(route),
        _ => Vec::new(),
    };
    let sites = (FIRST_SITE..).zip(sites).map(|(index, site)| MadeUp {
        index,
        kind: "HS_SITE",
        data: Cow::Owned(site),
    });
    texts.chain(sites).collect()
}
