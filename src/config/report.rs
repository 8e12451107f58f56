//! `[report]`: how the national node is told.

use std::path::PathBuf;

use url::Url;

use super::{error::ConfigError, file::shown, resolve::Check, spec::ReportSpec};
use crate::server::options::{Delivery, HttpsOptions, ReportingOptions};

const SECTION: &str = "report";

impl Check<'_> {
    pub(super) fn report(&self, spec: &ReportSpec) -> Result<ReportingOptions, ConfigError> {
        let by = Delivery::ALL.into_iter().find(|by| by.name() == spec.by);
        let by = by.ok_or_else(|| {
            let what = format!("{:?} is no way", shown(&spec.by));
            self.invalid(
                SECTION,
                "by",
                &what,
                "say \"hand\", \"https\" or \"folder\"",
            )
        })?;
        if !spec.url.is_empty() {
            self.url(&spec.url)?;
        } else if by == Delivery::Https {
            let hint = "say where reports go, such as \"https://example.cn/intake\"";
            return Err(self.invalid(SECTION, "url", "it is missing", hint));
        }
        let file = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        Ok(ReportingOptions {
            by,
            https: HttpsOptions {
                url: spec.url.clone(),
                mapping: file(&spec.mapping),
                token_file: file(&spec.token_file),
                secret_file: file(&spec.secret_file),
                ca_file: file(&spec.ca_file),
                certificate_file: file(&spec.certificate_file),
                key_file: file(&spec.key_file),
            },
            folder: self.folder(SECTION, "folder", &spec.folder)?,
            from: self.day(
                SECTION,
                "from",
                &spec.from,
                || "write the first day that is told, such as \"2026-05-01\", or \"\"",
            )?,
        })
    }

    /// What goes over plain HTTP anybody reads on the way: to this machine alone it may.
    fn url(&self, text: &str) -> Result<(), ConfigError> {
        let refused = |what: &str, hint: &str| {
            let what = format!("{:?} {what}", shown(text));
            Err(self.invalid(SECTION, "url", &what, hint))
        };
        let url = Url::parse(text).ok();
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            let hint = "write it whole, such as \"https://example.cn/intake\"";
            return refused("is no address", hint);
        };
        let is_here = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if url.scheme() == "http" && !is_here {
            return refused("is not encrypted", "say https");
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            let hint = "say what stands before the paths of the mapping, and nothing else";
            return refused("has more than a path", hint);
        }
        Ok(())
    }
}

//----------- Spec ---------------------------------------------------------------

impl From<&ReportingOptions> for ReportSpec {
    fn from(options: &ReportingOptions) -> Self {
        let ReportingOptions {
            by,
            https,
            folder,
            from,
        } = options;
        let file = |file: &Option<PathBuf>| {
            let file = file.as_ref().map(|file| file.display().to_string());
            file.unwrap_or_default()
        };
        Self {
            by: by.name().to_owned(),
            url: https.url.clone(),
            mapping: file(&https.mapping),
            token_file: file(&https.token_file),
            secret_file: file(&https.secret_file),
            ca_file: file(&https.ca_file),
            certificate_file: file(&https.certificate_file),
            key_file: file(&https.key_file),
            folder: folder.display().to_string(),
            from: from.map_or_else(String::new, |day| day.to_string()),
        }
    }
}
