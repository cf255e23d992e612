namespace Mailbox.Gateway;

/// <summary>The application gave no answer, or none that can be understood.</summary>
sealed class BackendException(BackendFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    public BackendFault Fault { get; } = fault;

    public Problem Problem => Fault switch
    {
        BackendFault.Unreachable => new(ProblemKinds.BackendUnreachable, "The application behind the gateway cannot be reached."),
        BackendFault.TimedOut => new(ProblemKinds.BackendTimedOut, "The application behind the gateway did not answer in time."),
        BackendFault.NotSendable => new(ProblemKinds.BadRequest, Message),
        BackendFault.TooLarge => new(ProblemKinds.TooLarge, Message),
        _ => new(ProblemKinds.BackendFailed, "The application behind the gateway broke off, or its answer is not valid."),
    };
}
