namespace Mailbox.Grains.Tests;

/// <summary>Loses the first answers of each grain method that it is told: what was asked is done, and who asked is not told.</summary>
sealed class LostAnswers(int count, params string[] methods) : IIncomingGrainCallFilter
{
    readonly int[] _left = [.. methods.Select(_ => count)];

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        var method = Array.IndexOf(methods, context.MethodName);
        if (method >= 0 && Interlocked.Decrement(ref _left[method]) >= 0) throw new TimeoutException("The answer is lost.");
    }
}
