//! What stands between the job and a tenant: proxies, and servers of odd TLS. All on loopback.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use stand_in_tenant::StandIn;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How something between the job and the tenant behaves.
#[derive(Clone)]
pub enum Manner {
    /// As a proxy: by CONNECT, or passing on what names a whole URL. Whatever host is asked for, the
    /// tenant is.
    Proxy,
    /// The same, but only with these credentials, as in `user:password` by Base64.
    Closed(&'static str),
    /// As a gateway: what comes is passed on to the tenant.
    Gateway,
    /// Reads a request's head, says this, and closes the connection.
    Say(Vec<u8>),
    /// The same, and leaves the connection open.
    Insist(&'static str),
    /// As a gateway that has TLS; but once it has passed this on, it answers without.
    ClearAnswerTo(&'static str),
    /// Says this before anything is asked, and closes the connection.
    Greet(&'static [u8]),
    /// Takes connections, and says nothing.
    Silence,
}

/// A machine between the job and the tenant, until it is dropped.
pub struct Between {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
    connections: Arc<Mutex<usize>>,
    _stop: oneshot::Sender<()>,
}

#[derive(Clone)]
struct Shared {
    manner: Manner,
    tls: Option<TlsAcceptor>,
    tenant: Option<SocketAddr>,
    heard: Arc<Mutex<Vec<u8>>>,
    connections: Arc<Mutex<usize>>,
}

impl Between {
    /// Speaks plain HTTP.
    pub fn start(manner: Manner, tenant: Option<&StandIn>) -> Between {
        Between::start_with(manner, tenant, None)
    }

    /// Speaks TLS.
    pub fn start_tls(manner: Manner, tenant: Option<&StandIn>, config: ServerConfig) -> Between {
        Between::start_with(manner, tenant, Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn start_with(manner: Manner, tenant: Option<&StandIn>, tls: Option<TlsAcceptor>) -> Between {
        let (heard, connections) = (Arc::default(), Arc::default());
        let tenant = tenant.map(|tenant| SocketAddr::from(([127, 0, 0, 1], tenant.port())));
        let shared =
            Shared { manner, tls, tenant, heard: Arc::clone(&heard), connections: Arc::clone(&connections) };
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                loop {
                    tokio::select! {
                        _ = &mut stopped => return,
                        connection = listener.accept() => {
                            tokio::spawn(shared.clone().serve(connection.unwrap().0));
                        }
                    }
                }
            });
        });
        Between { address: told.recv().unwrap(), heard, connections, _stop: stop }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its URL.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// Everything that clients said, inside TLS if it speaks TLS.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

impl Shared {
    async fn serve(self, stream: TcpStream) {
        *self.connections.lock().unwrap() += 1;
        // Whatever goes wrong here, the client sees its connection closed.
        match &self.tls {
            None => drop(self.speak(stream).await),
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    drop(match self.manner {
                        Manner::ClearAnswerTo(word) => self.forget_tls(stream, word).await,
                        _ => self.speak(stream).await,
                    });
                }
            }
        }
    }

    async fn forget_tls(&self, mut client: TlsStream<TcpStream>, word: &str) -> std::io::Result<()> {
        let mut tenant = TcpStream::connect(self.tenant.expect("a tenant")).await?;
        let (mut asked, mut answered, mut told) = (vec![0; 8192], vec![0; 8192], String::new());
        loop {
            tokio::select! {
                length = client.read(&mut asked) => {
                    let words = &asked[..length?];
                    if words.is_empty() {
                        return Ok(());
                    }
                    told.push_str(&String::from_utf8_lossy(words));
                    tenant.write_all(words).await?;
                }
                length = tenant.read(&mut answered) => {
                    if told.contains(word) {
                        return client.get_mut().0.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
                    }
                    match length? {
                        0 => return Ok(()),
                        length => client.write_all(&answered[..length]).await?,
                    }
                }
            }
        }
    }

    async fn speak(&self, mut client: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        let credentials = match &self.manner {
            Manner::Proxy | Manner::Gateway | Manner::ClearAnswerTo(_) => None,
            Manner::Closed(credentials) => Some(credentials),
            Manner::Say(words) => {
                self.head(&mut client).await?;
                client.write_all(words).await?;
                return client.shutdown().await;
            }
            Manner::Insist(words) => {
                self.head(&mut client).await?;
                client.write_all(words.as_bytes()).await?;
                return self.pass(&mut client, &mut tokio::io::sink()).await;
            }
            Manner::Greet(words) => {
                client.write_all(words).await?;
                client.shutdown().await?;
                return self.pass(&mut client, &mut tokio::io::sink()).await;
            }
            Manner::Silence => return self.pass(&mut client, &mut tokio::io::sink()).await,
        };
        let head = self.head(&mut client).await?;
        let text = String::from_utf8_lossy(&head).into_owned();
        if let Some(credentials) = credentials
            && !text.contains(&format!("\r\nproxy-authorization: Basic {credentials}\r\n"))
            && !text.contains(&format!("\r\nProxy-Authorization: Basic {credentials}\r\n"))
        {
            client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n").await?;
            client
                .write_all(b"Proxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n")
                .await?;
            return client.shutdown().await;
        }
        let mut tenant = TcpStream::connect(self.tenant.expect("a tenant")).await?;
        if text.starts_with("CONNECT ") {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        } else {
            tenant.write_all(&head).await?;
        }
        let (mut from_client, mut to_client) = tokio::io::split(client);
        let (mut from_tenant, mut to_tenant) = tenant.split();
        tokio::select! {
            done = self.pass(&mut from_client, &mut to_tenant) => done,
            done = tokio::io::copy(&mut from_tenant, &mut to_client) => done.map(drop),
        }
    }

    /// A request's head, noted.
    async fn head(&self, client: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        self.heard.lock().unwrap().extend_from_slice(&head);
        Ok(head)
    }

    /// Passes on what the client says, and notes it.
    async fn pass(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> std::io::Result<()> {
        let mut buffer = vec![0; 8192];
        loop {
            let length = from.read(&mut buffer).await?;
            if length == 0 {
                return Ok(());
            }
            self.heard.lock().unwrap().extend_from_slice(&buffer[..length]);
            to.write_all(&buffer[..length]).await?;
        }
    }
}

/// A folder of files for one test.
pub struct Files {
    folder: tempfile::TempDir,
    paths: HashMap<&'static str, std::path::PathBuf>,
}

impl Files {
    /// With these files.
    pub fn with<const N: usize>(files: [(&'static str, &[u8]); N]) -> Files {
        let folder = tempfile::tempdir().unwrap();
        let paths = files.map(|(name, content)| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            (name, path)
        });
        Files { folder, paths: HashMap::from(paths) }
    }

    /// The path of one of them.
    pub fn path(&self, name: &str) -> &std::path::Path {
        &self.paths[name]
    }

    /// The folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}
