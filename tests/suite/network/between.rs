//! What stands between the job and a tenant. All of it on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use stand_in_tenant::StandIn;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpSocket, TcpStream};

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// It leads to this port of 127.0.0.1, whatever host a proxy is asked for.
    PassOn(u16),
    /// This is said to whatever comes first, and then it is closed.
    Say(&'static str),
    /// This is said again and again.
    SayForever(&'static str),
    /// After this long all that comes is read, and never answered.
    ReadAfter(Duration),
    /// Nobody listens any more.
    Refuse,
}

use Manner::{PassOn, ReadAfter, Refuse, Say, SayForever};

type Heard = Arc<Mutex<Vec<u8>>>;

/// A machine that notes all that it hears, until the tests end.
pub struct Between {
    address: SocketAddr,
    heard: Heard,
}

impl Between {
    /// A proxy, for CONNECT and for whole URLs.
    pub fn proxy(tenant: &StandIn) -> Between {
        Between::always(PassOn(tenant.port()))
    }

    /// Takes connections, and says nothing.
    pub fn silent() -> Between {
        Between::always(ReadAfter(Duration::ZERO))
    }

    /// Does the same with each connection.
    pub fn always(manner: Manner) -> Between {
        Between::start(manner, manner)
    }

    /// Does this with the first connection, and that with all others.
    pub fn start(first: Manner, then: Manner) -> Between {
        let (heard, (tell, told)) = (Heard::default(), mpsc::channel());
        let hears = heard.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let socket = TcpSocket::new_v4().unwrap();
                // A long list doesn't fit into the buffers of the network.
                socket.set_recv_buffer_size(4096).unwrap();
                socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
                let listener = socket.listen(64).unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let mut manner = first;
                while manner != Refuse {
                    let (client, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(client, manner, hears.clone()));
                    manner = then;
                }
                drop(listener);
                std::future::pending::<()>().await;
            });
        });
        Between { address: told.recv().unwrap(), heard }
    }

    /// Its URL.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// Everything that clients said.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

async fn serve(mut client: TcpStream, manner: Manner, heard: Heard) -> std::io::Result<()> {
    match manner {
        PassOn(port) => return pass_on(client, port, heard).await,
        Say(words) => {
            read(&mut client, &heard).await?;
            client.write_all(words.as_bytes()).await?;
        }
        SayForever(words) => loop {
            client.write_all(words.as_bytes()).await?;
        },
        ReadAfter(pause) => {
            tokio::time::sleep(pause).await;
            while !read(&mut client, &heard).await?.is_empty() {}
        }
        Refuse => {}
    }
    client.shutdown().await
}

async fn pass_on(mut client: TcpStream, port: u16, heard: Heard) -> std::io::Result<()> {
    let mut tenant = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut hear, mut say) = client.split();
    let (mut answers, mut asks) = tenant.split();
    let first = read(&mut hear, &heard).await?;
    match first.starts_with(b"CONNECT ") {
        true => say.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?,
        false => asks.write_all(&first).await?,
    }
    let asking = async {
        loop {
            let bytes = read(&mut hear, &heard).await?;
            if bytes.is_empty() {
                return asks.shutdown().await;
            }
            asks.write_all(&bytes).await?;
        }
    };
    let answering = async {
        copy(&mut answers, &mut say).await?;
        say.shutdown().await
    };
    tokio::try_join!(asking, answering).map(drop)
}

/// What comes next, which is noted.
async fn read(client: &mut (impl AsyncReadExt + Unpin), heard: &Heard) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(1 << 16);
    client.read_buf(&mut bytes).await?;
    heard.lock().unwrap().extend_from_slice(&bytes);
    Ok(bytes)
}
