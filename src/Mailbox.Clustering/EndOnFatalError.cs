namespace Mailbox.Clustering;

/// <summary>
/// Ends a process that the others took for dead, or whose place in the cluster is lost otherwise. Its mailboxes may have other owners already, so it does
/// nothing more, not even an orderly stop. Orleans would abort it with a core dump and traces of its stack.
/// </summary>
/// <param name="say">Told why, in a line.</param>
/// <param name="exit">Ends the process with a code.</param>
sealed class EndOnFatalError(Action<string> say, Action<int> exit) : IFatalErrorHandler
{
    /// <summary>That of <c>sysexits.h</c> for a failure that passes (<c>EX_TEMPFAIL</c>): whoever watches over the process starts it again.</summary>
    public const int ExitCode = 75;

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        // The list of the members is in the log. An exception is a defect of the runtime: its trace is all that there is to find it by.
        var why = exception is null ? context?.Split(" Membership: ")[0] : $"{context}: {exception}";
        say($"This process has lost its place in the cluster and ends, to be started again: {why}");
        exit(ExitCode);
    }
}
