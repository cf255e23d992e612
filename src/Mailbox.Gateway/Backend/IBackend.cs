namespace Mailbox.Gateway;

/// <summary>The application behind the gateway, whichever protocol it speaks. Safe to call from any thread.</summary>
interface IBackend
{
    /// <summary>Sends a request and waits for the head of its answer; the answer's body is read while it arrives.</summary>
    /// <param name="cancel">Gives the request up until the head is there; after that whoever reads the body does, by disposing of the answer.</param>
    /// <exception cref="BackendException">There is no answer.</exception>
    ValueTask<BackendAnswer> AskAsync(BackendRequest request, CancellationToken cancel);
}
