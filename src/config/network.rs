//! What surrounds the program: variables that are no inputs of ours, but mean here what they mean
//! elsewhere. They are only made clean here; `http` understands them.

use std::path::PathBuf;

use secrecy::SecretString;

/// A variable of the environment, as it is spelled there. Its value is without white space and
/// quotation marks around it, and not empty.
#[derive(Clone, Debug)]
pub struct Variable {
    /// `HTTPS_PROXY` or `https_proxy`.
    pub name: &'static str,
    /// A proxy's password is part of it.
    pub value: SecretString,
}

/// The variables, and where the program runs.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// `HTTPS_PROXY`
    pub https_proxy: Option<Variable>,
    /// `HTTP_PROXY`
    pub http_proxy: Option<Variable>,
    /// `ALL_PROXY`
    pub all_proxy: Option<Variable>,
    /// `NO_PROXY`
    pub no_proxy: Option<Variable>,
    /// `SSL_CERT_FILE`
    pub ssl_cert_file: Option<PathBuf>,
    /// `SSL_CERT_DIR`
    pub ssl_cert_dir: Option<PathBuf>,
    /// True if `REQUEST_METHOD` is there, which makes libraries take this for a CGI script.
    pub request_method_is_set: bool,
    /// True inside a Kubernetes cluster.
    pub in_cluster: bool,
}
