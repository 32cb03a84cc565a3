// SPDX-License-Identifier: AGPL-3.0-only

//! The variants and records of `wasi:http/types`. Their cases and order are the same in each
//! version from 0.2.0 on.

use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(Clone, Debug, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Method {
    #[component(name = "get")]
    Get,
    #[component(name = "head")]
    Head,
    #[component(name = "post")]
    Post,
    #[component(name = "put")]
    Put,
    #[component(name = "delete")]
    Delete,
    #[component(name = "connect")]
    Connect,
    #[component(name = "options")]
    Options,
    #[component(name = "trace")]
    Trace,
    #[component(name = "patch")]
    Patch,
    #[component(name = "other")]
    Other(String),
}

impl Method {
    pub fn from_wire(text: &str) -> Method {
        match text {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "CONNECT" => Method::Connect,
            "OPTIONS" => Method::Options,
            "TRACE" => Method::Trace,
            "PATCH" => Method::Patch,
            other => Method::Other(other.into()),
        }
    }

    pub fn wire(&self) -> &str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Connect => "CONNECT",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Patch => "PATCH",
            Method::Other(other) => other,
        }
    }
}

#[derive(Clone, Debug, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Scheme {
    #[component(name = "HTTP")]
    Http,
    #[component(name = "HTTPS")]
    Https,
    #[component(name = "other")]
    Other(String),
}

#[derive(Clone, Copy, Debug, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum HeaderError {
    #[component(name = "invalid-syntax")]
    InvalidSyntax,
    #[component(name = "forbidden")]
    Forbidden,
    #[component(name = "immutable")]
    Immutable,
}

#[derive(Clone, Debug, Default, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct DnsErrorPayload {
    pub rcode: Option<String>,
    #[component(name = "info-code")]
    pub info_code: Option<u16>,
}

#[derive(Clone, Debug, Default, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct TlsAlertReceivedPayload {
    #[component(name = "alert-id")]
    pub alert_id: Option<u8>,
    #[component(name = "alert-message")]
    pub alert_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct FieldSizePayload {
    #[component(name = "field-name")]
    pub field_name: Option<String>,
    #[component(name = "field-size")]
    pub field_size: Option<u32>,
}

/// How text that comes along with a case's name fits in its payload.
trait Payload {
    fn from_detail(detail: Option<&str>) -> Self;
}

impl Payload for DnsErrorPayload {
    fn from_detail(detail: Option<&str>) -> Self {
        DnsErrorPayload {
            rcode: detail.map(str::to_owned),
            info_code: None,
        }
    }
}

impl Payload for TlsAlertReceivedPayload {
    fn from_detail(detail: Option<&str>) -> Self {
        TlsAlertReceivedPayload {
            alert_id: None,
            alert_message: detail.map(str::to_owned),
        }
    }
}

impl Payload for FieldSizePayload {
    fn from_detail(detail: Option<&str>) -> Self {
        FieldSizePayload {
            field_name: detail.map(str::to_owned),
            field_size: None,
        }
    }
}

impl Payload for Option<FieldSizePayload> {
    fn from_detail(detail: Option<&str>) -> Self {
        detail.map(|_| FieldSizePayload::from_detail(detail))
    }
}

impl Payload for Option<String> {
    fn from_detail(detail: Option<&str>) -> Self {
        detail.map(str::to_owned)
    }
}

impl Payload for Option<u32> {
    fn from_detail(detail: Option<&str>) -> Self {
        detail?.parse().ok()
    }
}

impl Payload for Option<u64> {
    fn from_detail(detail: Option<&str>) -> Self {
        detail?.parse().ok()
    }
}

macro_rules! error_codes {
    ($($case:ident $(($payload:ty))? = $name:tt,)*) => {
        #[derive(Clone, Debug, PartialEq, ComponentType, Lift, Lower)]
        #[component(variant)]
        pub enum ErrorCode {
            $(#[component(name = $name)] $case $(($payload))?,)*
        }

        impl ErrorCode {
            /// As wasi:http spells it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(error_codes!(@pattern $case $(($payload))?) => $name,)*
                }
            }

            /// The case of that name, `detail` in its payload where it has room for it; any other
            /// is an internal error.
            pub fn from_name(name: &str, detail: &str) -> ErrorCode {
                let detail = (!detail.is_empty()).then_some(detail);
                match name {
                    $($name => error_codes!(@make detail $case $(($payload))?),)*
                    other => ErrorCode::InternalError(Some(detail.unwrap_or(other).to_owned())),
                }
            }

            #[cfg(test)]
            const NAMES: &'static [&'static str] = &[$($name),*];
        }
    };
    (@pattern $case:ident ($payload:ty)) => { ErrorCode::$case(_) };
    (@pattern $case:ident) => { ErrorCode::$case };
    (@make $detail:ident $case:ident ($payload:ty)) => {
        ErrorCode::$case(<$payload as Payload>::from_detail($detail))
    };
    (@make $detail:ident $case:ident) => { ErrorCode::$case };
}

error_codes! {
    DnsTimeout = "DNS-timeout",
    DnsError(DnsErrorPayload) = "DNS-error",
    DestinationNotFound = "destination-not-found",
    DestinationUnavailable = "destination-unavailable",
    DestinationIpProhibited = "destination-IP-prohibited",
    DestinationIpUnroutable = "destination-IP-unroutable",
    ConnectionRefused = "connection-refused",
    ConnectionTerminated = "connection-terminated",
    ConnectionTimeout = "connection-timeout",
    ConnectionReadTimeout = "connection-read-timeout",
    ConnectionWriteTimeout = "connection-write-timeout",
    ConnectionLimitReached = "connection-limit-reached",
    TlsProtocolError = "TLS-protocol-error",
    TlsCertificateError = "TLS-certificate-error",
    TlsAlertReceived(TlsAlertReceivedPayload) = "TLS-alert-received",
    HttpRequestDenied = "HTTP-request-denied",
    HttpRequestLengthRequired = "HTTP-request-length-required",
    HttpRequestBodySize(Option<u64>) = "HTTP-request-body-size",
    HttpRequestMethodInvalid = "HTTP-request-method-invalid",
    HttpRequestUriInvalid = "HTTP-request-URI-invalid",
    HttpRequestUriTooLong = "HTTP-request-URI-too-long",
    HttpRequestHeaderSectionSize(Option<u32>) = "HTTP-request-header-section-size",
    HttpRequestHeaderSize(Option<FieldSizePayload>) = "HTTP-request-header-size",
    HttpRequestTrailerSectionSize(Option<u32>) = "HTTP-request-trailer-section-size",
    HttpRequestTrailerSize(FieldSizePayload) = "HTTP-request-trailer-size",
    HttpResponseIncomplete = "HTTP-response-incomplete",
    HttpResponseHeaderSectionSize(Option<u32>) = "HTTP-response-header-section-size",
    HttpResponseHeaderSize(FieldSizePayload) = "HTTP-response-header-size",
    HttpResponseBodySize(Option<u64>) = "HTTP-response-body-size",
    HttpResponseTrailerSectionSize(Option<u32>) = "HTTP-response-trailer-section-size",
    HttpResponseTrailerSize(FieldSizePayload) = "HTTP-response-trailer-size",
    HttpResponseTransferCoding(Option<String>) = "HTTP-response-transfer-coding",
    HttpResponseContentCoding(Option<String>) = "HTTP-response-content-coding",
    HttpResponseTimeout = "HTTP-response-timeout",
    HttpUpgradeFailed = "HTTP-upgrade-failed",
    HttpProtocolError = "HTTP-protocol-error",
    LoopDetected = "loop-detected",
    ConfigurationError = "configuration-error",
    InternalError(Option<String>) = "internal-error",
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for ErrorCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_code_is_found_by_its_name() {
        assert_eq!(ErrorCode::NAMES.len(), 39);
        for name in ErrorCode::NAMES {
            assert_eq!(ErrorCode::from_name(name, "").name(), *name);
            assert_eq!(ErrorCode::from_name(name, "7").name(), *name);
        }
    }

    #[test]
    fn details_go_where_there_is_room() {
        let size = ErrorCode::from_name("HTTP-request-body-size", "12");
        assert_eq!(size, ErrorCode::HttpRequestBodySize(Some(12)));
        let unknown = ErrorCode::from_name("nonsense", "");
        assert_eq!(unknown, ErrorCode::InternalError(Some("nonsense".into())));
        let internal = ErrorCode::from_name("internal-error", "");
        assert_eq!(internal, ErrorCode::InternalError(None));
    }

    #[test]
    fn methods_keep_their_case() {
        assert_eq!(Method::from_wire("GET"), Method::Get);
        assert_eq!(Method::from_wire("get").wire(), "get");
        for wire in ["HEAD", "PATCH", "PURGE", "TRACE"] {
            assert_eq!(Method::from_wire(wire).wire(), wire);
        }
    }
}
