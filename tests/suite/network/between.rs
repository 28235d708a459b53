//! What stands between the job and a tenant. All of it on loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};

use stand_in_tenant::StandIn;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Serves on a free port of 127.0.0.1 until the tests end.
pub fn serve<F: Future<Output = ()> + Send + 'static>(
    receive_buffer: Option<u32>,
    serve: impl FnOnce(TcpListener) -> F + Send + 'static,
) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            if let Some(size) = receive_buffer {
                socket.set_recv_buffer_size(size).unwrap();
            }
            socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
            let listener = socket.listen(64).unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            serve(listener).await;
        });
    });
    told.recv().unwrap()
}

/// A machine that notes all that it hears.
pub struct Between {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Between {
    /// A proxy, for CONNECT and for whole URLs. Whatever host is asked for, this one is.
    pub fn proxy(tenant: &StandIn) -> Between {
        let tenant = SocketAddr::from(([127, 0, 0, 1], tenant.port()));
        Between::start(move |client, heard| pass_on(client, tenant, heard))
    }

    /// Says this to whatever comes first, and closes the connection.
    pub fn saying(words: &'static str) -> Between {
        Between::start(move |mut client, heard| async move {
            read(&mut client, &heard).await?;
            client.write_all(words.as_bytes()).await?;
            client.shutdown().await
        })
    }

    /// Takes connections, and says nothing.
    pub fn silent() -> Between {
        Between::start(async |mut client, heard| {
            while read(&mut client, &heard).await? > 0 {}
            Ok(())
        })
    }

    fn start<F: Future<Output = std::io::Result<()>> + Send + 'static>(
        speak: impl Fn(TcpStream, Arc<Mutex<Vec<u8>>>) -> F + Send + 'static,
    ) -> Between {
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let hears = heard.clone();
        let address = serve(None, async move |listener| {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(speak(client, hears.clone()));
            }
        });
        Between { address, heard }
    }

    /// Its URL.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Everything that clients said.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

async fn pass_on(
    mut client: TcpStream,
    tenant: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut tenant = TcpStream::connect(tenant).await?;
    let length = read(&mut client, &heard).await?;
    let first = {
        let heard = heard.lock().unwrap();
        heard[heard.len() - length..].to_vec()
    };
    match first.starts_with(b"CONNECT ") {
        true => client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?,
        false => tenant.write_all(&first).await?,
    }
    let ((mut hear, mut say), (mut answers, mut asks)) = (client.split(), tenant.split());
    let asking = async {
        let mut bytes = vec![0; 1 << 16];
        while let length @ 1.. = hear.read(&mut bytes).await? {
            heard.lock().unwrap().extend_from_slice(&bytes[..length]);
            asks.write_all(&bytes[..length]).await?;
        }
        asks.shutdown().await
    };
    let answering = async {
        copy(&mut answers, &mut say).await?;
        say.shutdown().await
    };
    tokio::try_join!(asking, answering).map(drop)
}

async fn read(client: &mut TcpStream, heard: &Mutex<Vec<u8>>) -> std::io::Result<usize> {
    let mut bytes = vec![0; 1 << 16];
    let length = client.read(&mut bytes).await?;
    heard.lock().unwrap().extend_from_slice(&bytes[..length]);
    Ok(length)
}
