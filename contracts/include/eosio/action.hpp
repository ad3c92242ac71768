#pragma once

#include <snapscale/action.hpp>
