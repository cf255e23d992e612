namespace Mailbox.Gateway;

/// <summary>Why the application behind the gateway gave no answer.</summary>
enum BackendFault : byte
{
    /// <summary>No connection was made: the application saw nothing of the request.</summary>
    Unreachable,

    /// <summary>It may have seen the request.</summary>
    TimedOut,

    /// <summary>It broke off, or said what is no answer. It may have seen the request.</summary>
    Broken,

    /// <summary>The request is one that cannot be said to it.</summary>
    NotSendable,

    /// <summary>The body is larger than what is kept of one.</summary>
    TooLarge,
}
