namespace Mailbox.Grains.Tests.Shared;

/// <summary>
/// A call to a silo that hangs: the caller is told that the silo is gone, and the call is done when the silo goes on. Holds the first call of
/// a method of <see cref="IGroupGrain"/>.
/// </summary>
sealed class LateCall(string method) : IIncomingGrainCallFilter
{
    readonly Lock _gate = new();
    object? _argument;
    bool _isArmed;

    public void Arm() => _isArmed = true;

    public Task Invoke(IIncomingGrainCallContext context)
    {
        lock (_gate)
        {
            if (!_isArmed || context.MethodName != method) return context.Invoke();
            (_isArmed, _argument) = (false, context.Request.GetArgument(0));
        }
        throw new SiloUnavailableException("The silo hangs.");
    }

    public Task ArriveAsync(IGroupGrain group) => _argument switch
    {
        MembersChange change => group.ChangeMembers(change),
        Guid key => group.Remove(key),
        _ => throw new InvalidOperationException($"{method} was not called."),
    };
}
