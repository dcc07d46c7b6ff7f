"""The page of plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from ltt_collab.classroom.hints import hints_report
from ltt_collab.model.courses import Course
from ltt_collab.model.ids import Username
from ltt_collab.ports.learning import CheckProgress, ProgressStore
from ltt_collab.web.plots import charts
from ltt_collab.web.rendering import page
from ltt_collab.web.stage import TheInstructor, TheStage
from ltt_collab.web.wall.routes import chosen_course

router = APIRouter(prefix="/plots", include_in_schema=False)

PAGE = 200


@router.get("")
async def plots_page(
    request: Request, stage: TheStage, visitor: TheInstructor, course: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """A course's plots, as of now."""
    school = stage.school
    courses = [each for each in school.classroom.courses() if visitor.sight.principal.may_teach(each.id)]
    chosen = chosen_course(courses, course)
    rows: Sequence[CheckProgress] = ()
    progress = hints = matrix = None
    if chosen is not None:
        rows = [row for row in await _rows(chosen, school.progress) if visitor.sight.sees(row.learner)]
        progress, matrix = charts.progress_chart(chosen, rows), charts.check_matrix(chosen, rows, stage.name_of)
        hints = charts.hints_chart(await hints_report(chosen, school.suggestions, school.validations, school.progress))
    return page(
        request,
        "plots/page.html",
        courses=courses,
        course=chosen,
        progress=progress,
        hints=hints,
        matrix=matrix,
        area=charts,
    )


async def _rows(course: Course, progress: ProgressStore) -> list[CheckProgress]:
    rows: list[CheckProgress] = []
    after: Username | None = None
    while found := await progress.of_course(course.id, after=after, learners=PAGE):
        rows += found
        after = found[-1].learner
    return rows
