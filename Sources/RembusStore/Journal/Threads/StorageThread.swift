#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A thread of the operating system that runs one function. Blocking calls to the disk belong on such a thread, not on an
/// event loop nor in the cooperative pool.
struct StorageThread: Sendable {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }

        func start() {
            #if canImport(Darwin)
            pthread_setname_np(name)
            #endif
            run()
        }
    }

    #if canImport(Darwin)
    private nonisolated(unsafe) let handle: pthread_t
    #else
    private let handle: pthread_t
    #endif

    /// Starts the thread.
    init(name: String, run: @escaping @Sendable () -> Void) throws(StorageError) {
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        #if canImport(Darwin)
        var handle: pthread_t?
        let code = pthread_create(
            &handle, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().start()
                return nil
            }, body.toOpaque())
        #else
        var started = pthread_t()
        let code = pthread_create(
            &started, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().start() }
                return nil
            }, body.toOpaque())
        let handle: pthread_t? = started
        #endif
        guard code == 0, let handle else {
            body.release()
            throw StorageError("cannot start the thread \(name)", errno: code)
        }
        self.handle = handle
    }

    /// Waits for the function's end; once only.
    func join() {
        pthread_join(handle, nil)
    }
}
