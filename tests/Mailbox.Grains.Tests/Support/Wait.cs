namespace Mailbox.Grains.Tests;

static class Wait
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Waits for something that is about to be true.</summary>
    public static async Task UntilAsync(Func<bool> isTrue, Func<string>? otherwise = null)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (!isTrue())
        {
            if (patience.IsCancellationRequested) Assert.Fail("It did not become true. " + otherwise?.Invoke());
            await Task.Yield();
        }
    }
}
