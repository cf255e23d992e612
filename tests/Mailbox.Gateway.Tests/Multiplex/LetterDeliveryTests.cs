using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Mailbox.Gateway.Tests;

/// <summary>Letters of one request on their way to the grid (spec sections 5 and 6).</summary>
public sealed class LetterDeliveryTests : IDisposable
{
    const int MaxBytes = 1000;

    readonly Queue<(PostRequest Post, TaskCompletionSource<PostResult> Answer)> _asked = [];
    readonly List<string> _told = [];
    readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    readonly LetterDelivery _delivery;

    public LetterDeliveryTests()
    {
        var grid = new ScriptedGrid { Posted = Ask };
        _delivery = new(grid, new(_services.GetRequiredService<IMeterFactory>(), grid), new(new CallerNames()), MaxBytes, Tell);
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task Many_are_asked_for_at_once_and_told_in_their_order()
    {
        for (var i = 0; i < 3; i++) await PostAsync($"m{i}", 1);
        await _delivery.RefuseAsync(Problem.Draining);
        var finishing = _delivery.FinishAsync().AsTask();
        Assert.Equal(3, _asked.Count);
        foreach (var (_, answer) in _asked.Reverse()) answer.SetResult(new([default], []));
        await finishing.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(["m0", "m1", "m2", "refused"], _told);
    }

    [Fact]
    public async Task Only_so_many_letters_are_in_flight()
    {
        for (var i = 0; i < 1024; i++) await PostAsync("m", 0);
        await WaitsForTheFirstAsync(PostAsync("m", 0));
    }

    [Fact]
    public async Task Only_so_many_bytes_are_in_flight_but_a_letter_alone_always_goes()
    {
        await PostAsync("m", MaxBytes + 1);
        await WaitsForTheFirstAsync(PostAsync("m", MaxBytes));
        await WaitsForTheFirstAsync(PostAsync("m", 1));
    }

    [Fact]
    public async Task What_was_answered_is_told_when_the_next_is_posted()
    {
        await PostAsync("m", 1);
        _asked.Dequeue().Answer.SetResult(new([default], []));
        await PostAsync("n", 1);
        Assert.Equal(["m"], _told);
    }

    async Task WaitsForTheFirstAsync(Task posting)
    {
        Assert.False(posting.IsCompleted);
        _asked.Dequeue().Answer.SetResult(new([default], []));
        await posting.WaitAsync(GatewayHost.Patience);
    }

    Task PostAsync(string mailbox, int length) =>
        _delivery.PostAsync(new(new() { Body = new byte[length] }, [MailboxName.Parse(mailbox)], [], [])).AsTask();

    Task<PostResult> Ask(PostRequest post)
    {
        var answer = new TaskCompletionSource<PostResult>();
        _asked.Enqueue((post, answer));
        return answer.Task;
    }

    ValueTask Tell(LetterOutcome letter)
    {
        _told.Add(letter.Post is { } post ? post.To[0].ToString() : "refused");
        return ValueTask.CompletedTask;
    }
}
