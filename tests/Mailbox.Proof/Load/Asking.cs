using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>Attempts at a deed, until one is answered. Thread-safe.</summary>
sealed class Asking(RunClock clock, Findings findings)
{
    /// <returns>The answer's text; null if it was refused, or there was none before the end.</returns>
    public async Task<string?> AskAsync(Deed deed, Func<Task<Attempt>> attempt, CancellationToken giveUp)
    {
        deed.Begun = clock.Now;
        var pauses = new Pauses();
        while (!giveUp.IsCancellationRequested)
        {
            deed.Attempts++;
            var (end, text, retryAfter) = await attempt();
            if (end == AttemptEnd.Answered) return Answered(deed, text);
            if (end == AttemptEnd.Refused) return Refused(deed, text);
            if (end == AttemptEnd.Unknown) deed.GivenUp = clock.Now;
            await clock.PaceAsync(pauses.Next(retryAfter), CancellationToken.None);
        }
        return null;
    }

    string Answered(Deed deed, string text)
    {
        deed.Answered = clock.Now;
        return text;
    }

    string? Refused(Deed deed, string text)
    {
        deed.Refused = true;
        findings.Add($"{deed.GetType().Name} refused after {deed.Attempts} attempts: {text}");
        return null;
    }
}
