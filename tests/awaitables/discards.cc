// SPDX-License-Identifier: Apache-2.0
//
// Awaitables that nobody awaits: with DISCARDED defined, the compiler must warn
// of each line that begins with DISCARD. Behind it stands the name in the
// reference.

#include <liburing.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"
#include "creche/debug_page/serve_debug_page.h"
#include "creche/io/copy_file.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/testing.h"
#include "creche/testing/tls/mangled_stream.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/connect_tls.h"
#include "creche/tls/serve_tls.h"

#ifdef DISCARDED
#define DISCARD(awaitable) awaitable
#else
#define DISCARD(awaitable) static_cast<void>(awaitable)
#endif

namespace creche {

Task<> Body();
Task<absl::Status> Fallible();
Task<> Start(TaskStatus<> status);
Task<> Handle(TcpStream stream);
Task<> HandleTls(TlsStream<TcpStream> stream);
bool IsOne(int value);
void Prepare(io_uring_sqe& entry);

void DiscardCore(Nursery& nursery, ParkingLot& lot, void (&start)(Waker),
                 Abort (&abort)(), Function<void()>& function) {
  DISCARD(Checkpoint());                // Checkpoint
  DISCARD(CheckpointIfCancelled());     // CheckpointIfCancelled
  DISCARD(ShieldedCheckpoint());        // ShieldedCheckpoint
  DISCARD(SleepFor(absl::Seconds(1)));  // SleepFor
  DISCARD(SleepUntil(absl::Now()));     // SleepUntil
  DISCARD(SleepForever());              // SleepForever
  DISCARD(lot.Park());                  // ParkingLot::Park
  DISCARD(Suspend(start, abort));       // Suspend
  DISCARD(Body());                      // Task
  DISCARD(Try(Fallible()));             // Try
  DISCARD(nursery.Start(Start));        // Nursery::Start
  DISCARD(function());                  // Function::operator()
}
// ParkingOperation: a class that derives from it says so itself.

void DiscardScopes(CancelScope& scope, TaskLocal<int>& local,
                   Task<> (&body)(Nursery&)) {
  DISCARD(scope.Run(Body()));                      // CancelScope::Run
  DISCARD(Shield(Body()));                         // Shield
  DISCARD(MoveOnAfter(absl::Seconds(1), Body()));  // MoveOnAfter
  DISCARD(MoveOnAt(absl::Now(), Body()));          // MoveOnAt
  DISCARD(FailAfter(absl::Seconds(1), Body()));    // FailAfter
  DISCARD(FailAt(absl::Now(), Body()));            // FailAt
  DISCARD(WithCleanup(Body(), Body));              // WithCleanup
  DISCARD(local.With(1, Body()));                  // TaskLocal::With
  DISCARD(WithNursery(body));                      // WithNursery
  DISCARD(WhenAll(Body(), Body()));                // WhenAll
  DISCARD(Race(Body(), Body()));                   // Race
  DISCARD(FirstSuccess(Body(), Body()));           // FirstSuccess
}

void DiscardSync(Event& event, Barrier& barrier, Lock& lock,
                 Semaphore& semaphore, CapacityLimiter& limiter,
                 Condition& condition, LockGuard& guard, Sender<int>& sender,
                 Receiver<int>& receiver, Subscription<int>& subscription,
                 Watch<int>& watch, WatchReader<int>& reader,
                 OneShot<int>& shot) {
  DISCARD(event.Wait());                        // Event::Wait
  DISCARD(barrier.Wait());                      // Barrier::Wait
  DISCARD(lock.Acquire());                      // Lock::Acquire
  DISCARD(semaphore.Acquire());                 // Semaphore::Acquire
  DISCARD(limiter.Acquire());                   // CapacityLimiter::Acquire
  DISCARD(condition.Wait(guard));               // Condition::Wait
  DISCARD(sender.Send(1));                      // Sender::Send
  DISCARD(receiver.Receive());                  // Receiver::Receive
  DISCARD(subscription.Receive());              // Subscription::Receive
  DISCARD(watch.WaitUntil(IsOne));              // Watch::WaitUntil
  DISCARD(reader.Next());                       // WatchReader::Next
  DISCARD(shot.Get());                          // OneShot::Get
  DISCARD(Select(event.Wait(), event.Wait()));  // Select
}

void DiscardNet(TcpStream& tcp, UnixStream& stream, TcpListener& listener,
                UdpSocket& socket, AnyStream& any, SocketAddress address,
                Resolver& resolver, absl::Span<char> buffer) {
  DISCARD(tcp.ReceiveSome(buffer));            // SocketStream::ReceiveSome
  DISCARD(tcp.ReceiveExactly(buffer));         // SocketStream::ReceiveExactly
  DISCARD(tcp.Receive());                      // SocketStream::Receive
  DISCARD(tcp.SendAll("x"));                   // SocketStream::SendAll
  DISCARD(tcp.SendEof());                      // SocketStream::SendEof
  DISCARD(stream.ReceiveDescriptors(buffer));  // UnixStream::ReceiveDescriptors
  DISCARD(stream.SendDescriptors("x", {}));    // UnixStream::SendDescriptors
  DISCARD(any.ReceiveSome(buffer));            // AnyStream::ReceiveSome
  DISCARD(any.SendAll("x"));                   // AnyStream::SendAll
  DISCARD(any.SendEof());                      // AnyStream::SendEof
  DISCARD(listener.Accept());                  // SocketListener::Accept
  DISCARD(listener.AcceptOne());               // SocketListener::AcceptOne
  DISCARD(ConnectTcp(address));                // ConnectTcp
  DISCARD(ConnectUnix(address));               // ConnectUnix
  DISCARD(ListenTcp("", 0));                   // ListenTcp
  DISCARD(Resolve(""));                        // Resolve
  DISCARD(resolver.Resolve("", 0));            // Resolver::Resolve
  DISCARD(ServeTcp(std::move(listener), Handle));  // ServeTcp
  DISCARD(socket.ReceiveFrom(buffer));             // UdpSocket::ReceiveFrom
  DISCARD(socket.SendTo("x", address));            // UdpSocket::SendTo
  DISCARD(Uring(Prepare));                         // Uring
  DISCARD(WaitReadable(0));                        // WaitReadable
  DISCARD(WaitWritable(0));                        // WaitWritable
}

void DiscardTls(TlsStream<MemoryStream>& tls, MangledStream& mangled,
                TcpListener& listener, const TlsContext& context,
                absl::Span<char> buffer) {
  using Tls = TlsStream<MemoryStream>;
  MemoryStream memory = MemoryStreamPair().first;
  DISCARD(Tls::Client(std::move(memory), context, ""));  // TlsStream::Client
  DISCARD(Tls::Server(std::move(memory), context));      // TlsStream::Server
  DISCARD(tls.ReceiveSome(buffer));     // TlsStream::ReceiveSome
  DISCARD(tls.ReceiveExactly(buffer));  // TlsStream::ReceiveExactly
  DISCARD(tls.SendAll("x"));            // TlsStream::SendAll
  DISCARD(tls.SendEof());               // TlsStream::SendEof
  DISCARD(tls.Shutdown());              // TlsStream::Shutdown
  DISCARD(tls.Unwrap());                // TlsStream::Unwrap
  DISCARD(ConnectTls("", 0, context));  // ConnectTls
  DISCARD(ServeTls(std::move(listener), context, HandleTls));  // ServeTls
  DISCARD(TlsPair());                                          // TlsPair
  DISCARD(mangled.ReceiveSome(buffer));  // MangledStream::ReceiveSome
  DISCARD(mangled.SendAll("x"));         // MangledStream::SendAll
  DISCARD(mangled.SendEof());            // MangledStream::SendEof
}

void DiscardFiles(File& file, absl::Span<char> buffer) {
  DISCARD(File::Open("", File::kRead));  // File::Open
  DISCARD(file.ReadAt(0, buffer));       // File::ReadAt
  DISCARD(file.WriteAt(0, ""));          // File::WriteAt
  DISCARD(file.Read(buffer));            // File::Read
  DISCARD(file.ReceiveSome(buffer));     // File::ReceiveSome
  DISCARD(file.Write(""));               // File::Write
  DISCARD(file.Sync());                  // File::Sync
  DISCARD(file.Info());                  // File::Info
  DISCARD(file.Truncate(0));             // File::Truncate
  DISCARD(file.Close());                 // File::Close
  DISCARD(RenameFile("", ""));           // RenameFile
  DISCARD(RemoveFile(""));               // RemoveFile
  DISCARD(GetFileInfo(""));              // GetFileInfo
  DISCARD(MakeDirectory(""));            // MakeDirectory
  DISCARD(RemoveDirectory(""));          // RemoveDirectory
  DISCARD(ListDirectory(""));            // ListDirectory
  DISCARD(CopyFile("", ""));             // CopyFile
  DISCARD(ReadFile(""));                 // ReadFile
  DISCARD(WriteFile("", ""));            // WriteFile
}

void DiscardIo(PipeReader& pipe_reader, PipeWriter& pipe_writer,
               StapledStream<PipeReader, PipeWriter>& stapled,
               BufferedReader<TcpStream>& reader,
               BufferedWriter<TcpStream>& writer, Pool<int>& pool,
               absl::Span<char> buffer) {
  DISCARD(pipe_reader.ReceiveSome(buffer));  // PipeReader::ReceiveSome
  DISCARD(pipe_writer.SendAll("x"));         // PipeWriter::SendAll
  DISCARD(pipe_writer.SendEof());            // PipeWriter::SendEof
  DISCARD(stapled.ReceiveSome(buffer));      // StapledStream::ReceiveSome
  DISCARD(stapled.SendAll("x"));             // StapledStream::SendAll
  DISCARD(stapled.SendEof());                // StapledStream::SendEof
  DISCARD(reader.ReadUntil("x"));            // BufferedReader::ReadUntil
  DISCARD(reader.ReadLine());                // BufferedReader::ReadLine
  DISCARD(reader.ReadExactly(1));            // BufferedReader::ReadExactly
  DISCARD(reader.ReadSome());                // BufferedReader::ReadSome
  DISCARD(writer.Write(""));                 // BufferedWriter::Write
  DISCARD(writer.Flush());                   // BufferedWriter::Flush
  DISCARD(pool.Borrow());                    // Pool::Borrow
}

void DiscardProcess(Process& process, SignalReceiver& receiver,
                    Task<> (&body)(SignalReceiver&)) {
  DISCARD(RunProcess(Command("")));          // RunProcess
  DISCARD(Process::Start(Command("")));      // Process::Start
  DISCARD(process.Wait());                   // Process::Wait
  DISCARD(process.Stop());                   // Process::Stop
  DISCARD(WithSignals(SignalSet(1), body));  // WithSignals
  DISCARD(receiver.Receive());               // SignalReceiver::Receive
}

void DiscardTesting(MemoryStream& stream, Sequencer& sequencer,
                    absl::Span<char> buffer) {
  DISCARD(stream.ReceiveSome(buffer));  // MemoryStream::ReceiveSome
  DISCARD(stream.SendAll("x"));         // MemoryStream::SendAll
  DISCARD(stream.SendEof());            // MemoryStream::SendEof
  DISCARD(ExpectCheckpoint(Body()));    // ExpectCheckpoint
  DISCARD(ExpectNoCheckpoint(Body()));  // ExpectNoCheckpoint
  DISCARD(sequencer(0));                // Sequencer::operator()
  DISCARD(WaitAllTasksBlocked());       // WaitAllTasksBlocked
}

void DiscardCores(Core& core) {
  DISCARD(core.RunOn(0, Body));                   // Core::RunOn
  DISCARD(ServeTcpOnCores(core, "", 1, Handle));  // ServeTcpOnCores
}

void DiscardDebugPage(TcpListener listener) {
  DISCARD(ServeDebugPage(std::move(listener)));  // ServeDebugPage
  // DangerouslyServeDebugPage
  DISCARD(DangerouslyServeDebugPage(std::move(listener)));
}

void DiscardCurl(HttpClient& client, const HttpRequest& request,
                 Function<absl::Status(absl::string_view)> sink) {
  DISCARD(client.Fetch(request));              // HttpClient::Fetch
  DISCARD(client.FetchStream(request, sink));  // HttpClient::FetchStream
}

void DiscardPostgres(
    PostgresConnection& db,
    Function<absl::StatusOr<std::optional<std::string>>()> source,
    Function<absl::Status(absl::string_view)> sink) {
  DISCARD(PostgresConnection::Connect(""));  // PostgresConnection::Connect
  DISCARD(db.Execute(""));                   // PostgresConnection::Execute
  DISCARD(db.Prepare("", ""));               // PostgresConnection::Prepare
  DISCARD(db.ExecutePrepared(""));     // PostgresConnection::ExecutePrepared
  DISCARD(db.ExecuteAll({}));          // PostgresConnection::ExecuteAll
  DISCARD(db.CopyIn("", source));      // PostgresConnection::CopyIn
  DISCARD(db.CopyOut("", sink));       // PostgresConnection::CopyOut
  DISCARD(db.Listen(""));              // PostgresConnection::Listen
  DISCARD(WithTransaction(db, Body));  // WithTransaction
}

void DiscardThreads(void (&work)(), ThreadSender<int>& sender,
                    ThreadReceiver<int>& receiver) {
  DISCARD(RunInThread(work));   // RunInThread
  DISCARD(sender.Send(1));      // ThreadSender::Send
  DISCARD(receiver.Receive());  // ThreadReceiver::Receive
}

}  // namespace creche
