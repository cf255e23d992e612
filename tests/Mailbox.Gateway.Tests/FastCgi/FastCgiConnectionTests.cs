namespace Mailbox.Gateway.Tests;

/// <summary>How connections to an application that speaks FastCGI are used again, and ended.</summary>
public sealed class FastCgiConnectionTests : FastCgiTest
{
    static readonly byte[][] s_answer = [FastCgiPeer.Output(Head + "body"), FastCgiPeer.End()];

    [Fact]
    public async Task One_connection_carries_one_request_after_the_other()
    {
        var asking = AskForTextAsync(Request());
        var connection = await Application.AcceptAsync();
        var asked = await FastCgiPeer.AnswerAsync(connection, s_answer);
        await asking;
        Assert.Equal([0, 1, 1, 0, 0, 0, 0, 0], asked.Begin);

        asking = AskForTextAsync(Request(method: "POST", body: new MemoryStream([1, 2]), length: 2));
        Assert.Equal([1, 2], (await FastCgiPeer.AnswerAsync(connection, s_answer)).Body);
        Assert.Equal("body", await asking);
    }

    [Fact]
    public async Task A_connection_is_used_again_after_an_answer_that_has_no_body()
    {
        var asking = AskAsync(Request(method: "HEAD"), TestContext.Current.CancellationToken);
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.ReadAsync(connection);
        await connection.WriteAsync(s_answer.SelectMany(record => record).ToArray(), TestContext.Current.CancellationToken);
        await (await asking).DisposeAsync();

        var again = AskForTextAsync(Request());
        await FastCgiPeer.AnswerAsync(connection, s_answer);
        Assert.Equal("body", await again);
    }

    [Fact]
    public async Task A_connection_that_the_application_ended_meanwhile_is_not_used()
    {
        var connection = await UsedAsync();
        await connection.DisposeAsync();

        var answering = Application.AnswerAsync(s_answer);
        Assert.Equal("body", await AskForTextAsync(Request(method: "POST")));
        await answering;
    }

    [Fact]
    public async Task A_safe_request_is_repeated_where_a_kept_connection_ends_without_an_answer()
    {
        var connection = await UsedAsync();
        var asking = AskForTextAsync(Request());
        await FastCgiPeer.ReadAsync(connection);
        await connection.DisposeAsync();

        await Application.AnswerAsync(s_answer);
        Assert.Equal("body", await asking);
    }

    [Fact]
    public async Task A_request_that_may_have_been_done_is_not_repeated()
    {
        var connection = await UsedAsync();
        var asking = AskForTextAsync(Request(method: "POST"));
        await FastCgiPeer.ReadAsync(connection);
        await connection.DisposeAsync();

        var fault = await Assert.ThrowsAsync<BackendException>(() => asking);
        Assert.Equal(BackendFault.Broken, fault.Fault);
    }

    [Fact]
    public async Task A_connection_is_not_kept_while_another_waits_for_a_worker()
    {
        var first = AskForTextAsync(Request());
        var connection = await Application.AcceptAsync();
        var second = AskForTextAsync(Request());
        await FastCgiPeer.AnswerAsync(connection, s_answer);
        await first;

        // The only worker of such an application is free now.
        Assert.Null(await FastCgiPeer.ReadRecordAsync(connection));
        await Application.AnswerAsync(s_answer);
        Assert.Equal("body", await second);
    }

    [Fact]
    public async Task A_connection_that_nothing_uses_is_ended()
    {
        var connection = await UsedAsync();
        Time.Pass(TimeSpan.FromSeconds(16));
        Assert.Null(await FastCgiPeer.ReadRecordAsync(connection));
    }

    [Fact]
    public async Task Without_keeping_each_request_has_its_own_connection_and_the_application_is_told()
    {
        using var backend = BackendOf(new() { KeepIdle = TimeSpan.Zero });
        for (var i = 0; i < 2; i++)
        {
            var answering = Application.AnswerAsync(s_answer);
            await using var answer = await backend.AskAsync(Request(), TestContext.Current.CancellationToken);
            await TextOf(answer);
            Assert.Equal(0, (await answering).Begin[2]);
        }
    }

    [Fact]
    public async Task An_application_is_told_to_stop_when_nobody_reads_its_answer_any_more()
    {
        var asking = AskAsync(Request(), TestContext.Current.CancellationToken);
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.AnswerAsync(connection, FastCgiPeer.Output(Head + "some"));
        await (await asking).DisposeAsync();

        Assert.Equal<int?>(2, (await FastCgiPeer.ReadRecordAsync(connection))?.Type);
        Assert.Null(await FastCgiPeer.ReadRecordAsync(connection));
    }

    [Fact]
    public async Task An_application_is_told_to_stop_when_nobody_waits_for_its_answer_any_more()
    {
        using var left = new CancellationTokenSource();
        var asking = AskAsync(Request(), left.Token);
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.ReadAsync(connection);
        await left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal<int?>(2, (await FastCgiPeer.ReadRecordAsync(connection))?.Type);
        Assert.Null(await FastCgiPeer.ReadRecordAsync(connection));
    }

    [Fact]
    public async Task An_application_may_answer_before_it_has_read_the_body()
    {
        var body = new System.IO.Pipelines.Pipe();
        var asking = AskForTextAsync(Request(method: "POST", body: body.Reader.AsStream(), length: 1_000_000));
        var connection = await Application.AcceptAsync();
        foreach (var record in s_answer) await connection.WriteAsync(record, TestContext.Current.CancellationToken);

        Assert.Equal("body", await asking);
        await body.Writer.CompleteAsync();
    }

    [Fact]
    public async Task Nobody_there_is_told_as_such()
    {
        Application.Dispose();
        var fault = await Assert.ThrowsAsync<BackendException>(() => AskAsync(Request(), TestContext.Current.CancellationToken));
        Assert.Equal(BackendFault.Unreachable, fault.Fault);
    }

    async Task<System.Net.Sockets.NetworkStream> UsedAsync()
    {
        var asking = AskForTextAsync(Request());
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.AnswerAsync(connection, s_answer);
        await asking;
        return connection;
    }
}
